"""States of flows, in the table and in the fake."""

from __future__ import annotations

import random
from collections.abc import Generator

import pytest

from stepcrew.aws.flow_states import TableFlowStates
from stepcrew.domain.flow_state import StateTooLarge
from stepcrew.services.flow_state_ports import FlowKey, FlowStates
from tests.aws_table import GROUP, NOW, TABLE, emulated_aws
from tests.fakes.flow_states import FakeFlowStates

KEY = FlowKey(GROUP, "visits", "guest/7#ü")


@pytest.fixture(params=["adapters", "fakes"])
def states(request: pytest.FixtureRequest) -> Generator[FlowStates]:
    if request.param == "fakes":
        yield FakeFlowStates()
        return
    with emulated_aws() as aws:
        yield TableFlowStates(aws.clients, TABLE, 30)


def test_the_last_state_of_a_flow_is_kept_for_its_crew_and_group(states: FlowStates) -> None:
    assert states.load(KEY) is None
    states.save(KEY, '{"count": 1}', NOW)
    states.save(KEY, '{"count": 2, "text": "Grüße"}', NOW)
    assert states.load(KEY) == '{"count": 2, "text": "Grüße"}'
    for other in (KEY._replace(group_id="another"), KEY._replace(crew="others"), KEY._replace(flow_id="guest/8")):
        assert states.load(other) is None


def test_a_state_that_no_item_holds_is_refused(states: FlowStates) -> None:
    text = random.Random(1).randbytes(400_000).hex()
    with pytest.raises(StateTooLarge):
        states.save(KEY, text, NOW)
    assert states.load(KEY) is None
