"""The stack as its operator sees it, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stepcrew.aws.queue_state import QueueUrls
from stepcrew.domain.diagnosis import TraceQueueDepth
from stepcrew.domain.stack_state import SweepState
from stepcrew.settings import Settings
from stepcrew_api.wiring import queue_urls
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import ADA, BOB, MIA, Harness, body


def stack(harness: Harness) -> dict[str, Any]:
    answer = harness.client().get("/operator/stack")
    assert answer.status_code == 200, answer.text
    return answer.json()


def part(found: dict[str, Any], name: str) -> tuple[bool | None, str]:
    [one] = [one for one in found["parts"] if one["part"] == name]
    return one["healthy"], one["told"]


def test_open_executions_of_every_group_are_told_oldest_first_and_without_their_texts(harness: Harness) -> None:
    def submitted(claims: dict[str, Any], name: str) -> str:
        return harness.client(claims).post("/executions", json=body(name=name)).json()["execution_id"]

    harness.limits.write(GROUP, running_executions=1)
    ids = [submitted(ADA, "a secret plan")]
    harness.aws.clock.at = NOW + timedelta(minutes=1)
    ids += [submitted(BOB, "theirs")]
    harness.aws.clock.at = NOW + timedelta(minutes=2)
    ids += [submitted(ADA, "another")]
    found = stack(harness)
    assert [one["execution_id"] for one in found["executions"]] == ids
    assert [(one["group_id"], one["queued"]) for one in found["executions"]] == [
        *((GROUP, False), ("other", False), (GROUP, True)),
    ]
    first = {
        "group_id": GROUP,
        "open": 2,
        "may_be_open": 200,
        "running": 1,
        "may_run": 1,
        "queued": 1,
        "waiting": 0,
        "fault": "",
    }
    assert found["groups"][0] == first
    assert [one["group_id"] for one in found["groups"]] == [GROUP, "other"]
    assert found["open"] == 3
    assert "secret plan" not in str(found)


def test_each_part_says_how_it_is(harness: Harness) -> None:
    before = stack(harness)
    assert part(before, "sweeps") == (None, "No sweep has come yet.")
    assert part(before, "starts") == (True, "Nothing waits to be started.")
    harness.sweeps.keep(SweepState(at=NOW, actions={"started": 2}, failures=0, cut_short=False))
    harness.trace_queue.found = TraceQueueDepth(waiting=3, in_flight=1, dead=0)
    harness.client().post("/executions", json=body())
    well = stack(harness)
    assert well["sweep"]["actions"] == {"started": 2}
    assert part(well, "sweeps") == (True, "The last one came 0 s ago.")
    assert part(well, "trace queue") == (True, "4 messages.")
    harness.aws.clock.at = NOW + timedelta(minutes=9)
    harness.trace_queue.webhook_dead = 2
    harness.trace_queue.found = TraceQueueDepth(waiting=5_000, in_flight=0, dead=0)
    ill = stack(harness)
    assert part(ill, "sweeps") == (False, "The last one came 9 minutes ago.")
    assert part(ill, "webhook queue") == (False, "2 dead letters.")
    assert part(ill, "trace queue") == (False, "5000 messages wait.")
    assert part(ill, "starts")[0] is False
    harness.sweeps.keep(SweepState(at=NOW + timedelta(minutes=9), actions={}, failures=3, cut_short=False))
    harness.trace_queue.found = None
    blind = stack(harness)
    assert part(blind, "queues") == (None, "The queues did not answer.")
    assert part(blind, "sweeps") == (False, "The last one failed for 3 executions.")


def test_a_group_whose_limits_cannot_be_read_hides_no_other(harness: Harness) -> None:
    harness.client().post("/executions", json=body())
    harness.client(BOB).post("/executions", json=body())
    harness.limits.faults[GROUP] = "The limits of group demo cannot be read: ceilings.max_token: wrong."
    found = stack(harness)
    assert [(one["group_id"], one["may_be_open"], one["may_run"]) for one in found["groups"]] == [
        *((GROUP, None, None), ("other", 200, 20)),
    ]
    assert part(found, "starts") == (False, "The limits of group demo cannot be read: ceilings.max_token: wrong.")


def test_dead_letters_are_sent_again_where_that_is_possible(harness: Harness) -> None:
    sent = harness.client().post("/operator/dead-letters/trace/redrive")
    assert (sent.status_code, harness.trace_queue.redriven) == (202, ["trace"])
    refused = harness.client().post("/operator/dead-letters/webhook/redrive")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_queue")


def test_a_stack_that_exports_its_traces_has_one_more_queue_that_can_be_sent_again() -> None:
    others = ("trace", "trigger", "webhook", "announcement")
    usual = Settings.model_validate({f"{name}_dead_letter_queue_url": name for name in others})
    exporting = usual.model_copy(update={"export_queue_url": "q", "export_dead_letter_queue_url": "d"})
    assert queue_urls(exporting).keys() - queue_urls(usual).keys() == {"export"}
    assert queue_urls(exporting)["export"] == QueueUrls("q", "d", redrivable=True)
    assert [name for name, urls in queue_urls(exporting).items() if urls.redrivable] == ["trace", "trigger", "export"]


@pytest.mark.parametrize("claims", [BOB, MIA, {**ADA, "group_id": "research", "role": "admin"}])
def test_only_an_admin_of_the_operators_group_sees_it(harness: Harness, claims: dict[str, Any]) -> None:
    client = harness.client(claims)
    assert client.get("/me").json()["operator"] is False
    assert client.get("/operator/stack").status_code == 403
    assert client.post("/operator/dead-letters/trace/redrive").status_code == 403
    assert harness.trace_queue.redriven == []
    assert harness.client().get("/me").json()["operator"] is True
