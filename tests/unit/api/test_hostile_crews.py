from __future__ import annotations

import pytest

from tests.hostile.crews import HOSTILE, Hostile, crew
from tests.unit.api.harness import Harness

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_hostile_crew_is_refused_at_its_place_and_neither_run_nor_stored(harness: Harness, hostile: Hostile) -> None:
    client, config = harness.client(), crew(hostile.change)
    for address in ("/executions", "/executions?dry_run=true"):
        answer = client.post(address, json={"config": config})
        assert answer.status_code == 422, answer.text
        assert (hostile.pointer, hostile.code) in [
            (fault["pointer"], fault["code"]) for fault in answer.json()["errors"]
        ]
    if hostile.code != "missing_secret":  # it may be set before the crew is run
        assert client.put("/crews/hostile", json={"config": config}).status_code == 422
    assert client.get("/executions").json()["executions"] == []
    assert harness.orchestrator.started == []


def test_the_crew_they_are_made_of_is_sound(harness: Harness) -> None:
    assert harness.client().post("/executions?dry_run=true", json={"config": crew({"server": {}})}).status_code == 200
