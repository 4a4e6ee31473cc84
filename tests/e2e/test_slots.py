"""At most so many executions of a group run at once, seen from the model, through the whole stack."""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest

from scripted_model import ScriptedModel, scripted_model
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions, running_stack
from tests.e2e.user import PATIENCE_SECONDS, TERMINAL, User, crew, task

MOST = 2
ONE = crew(task("Do it. [[slow 0.3]] [[say DONE]]"))


@pytest.fixture(scope="module")
def narrow() -> Generator[tuple[Stack, ScriptedModel]]:
    options_of = {"MaxRunningExecutions": str(MOST)}
    with scripted_model() as model:
        options = StackOptions(port=0, model=external_model(model.url), environment={}, parameters=options_of)
        with running_stack(options) as stack:
            stack.wait_until_healthy()
            yield stack, model


@pytest.fixture
def ada(narrow: tuple[Stack, ScriptedModel]) -> Generator[User]:
    with User(narrow[0].url, "ada") as user:
        yield user


def test_no_more_run_than_may_all_end_and_the_order_is_kept(ada: User) -> None:
    ids = [ada.submit(ONE) for _ in range(12)]
    most_seen, waiting = 0, dict[str, int]()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        listed = {one["execution_id"]: one for one in ada.get("/executions").json()["executions"]}
        records = [listed[execution_id] for execution_id in ids]
        most_seen = max(most_seen, sum(one["status"] == "RUNNING" for one in records))
        places = [one["queue_position"] for one in records if one["queue_position"]]
        assert places == list(range(1, len(places) + 1)), "those submitted first are next"
        waiting = waiting or {one["execution_id"]: one["queue_position"] for one in records if one["queue_position"]}
        if all(one["status"] in TERMINAL for one in records):
            break
        assert time.monotonic() < deadline, records
        time.sleep(0.1)
    assert waiting, "some had to wait"
    assert {one["status"] for one in records} == {"COMPLETED"}
    assert 1 <= most_seen <= MOST
    started = sorted(records, key=lambda one: one["started_at"])
    order = [ids.index(one["execution_id"]) for one in started]
    assert all(abs(place - number) < MOST for number, place in enumerate(order)), order


def test_a_killed_runner_gives_its_place_back(ada: User) -> None:
    dying = [ada.submit(crew(task("Do it. [[slow 20]]")), limits={"timeout_seconds": 1}) for _ in range(MOST)]
    later = ada.submit(ONE)
    assert ada.execution(later)["queue_position"] == 1
    assert ada.ended(later)["status"] == "COMPLETED"
    assert {ada.ended(execution_id)["status"] for execution_id in dying} == {"FAILED"}


def test_who_is_asked_holds_nobody_up_and_goes_on_in_turn(ada: User) -> None:
    asks = crew(task("Ask me. [[say DRAFT]]", "asked", human_input=True), task("Go on. [[say DONE]]", "next"))
    asked = [ada.submit(asks) for _ in range(MOST)]
    for execution_id in asked:
        ada.until(execution_id, lambda record: record["status"] == "WAITING")
    assert ada.ended(ada.submit(ONE))["status"] == "COMPLETED"

    long = [ada.submit(crew(task("Think. [[slow 3]] [[say DONE]]"))) for _ in range(MOST)]
    for execution_id in long:
        ada.until(execution_id, lambda record: record["status"] == "RUNNING")
    answer = ada.post(f"/executions/{asked[0]}/feedback", json={"decision": "approve"})
    assert (answer.status_code, answer.json()["queue_position"]) == (202, 1)
    assert ada.ended(asked[0])["status"] == "COMPLETED"
    assert ada.post(f"/executions/{asked[1]}/cancel").json()["status"] == "CANCELLED"


def test_one_that_waits_for_a_place_is_cancelled_at_once_and_may_then_be_deleted(ada: User) -> None:
    long = [ada.submit(crew(task("Think. [[slow 3]] [[say DONE]]"))) for _ in range(MOST)]
    queued = ada.submit(ONE)
    assert ada.delete(f"/executions/{queued}").status_code == 409
    cancelled = ada.post(f"/executions/{queued}/cancel").json()
    assert (cancelled["status"], cancelled["queue_position"]) == ("CANCELLED", None)
    assert ada.delete(f"/executions/{queued}").status_code == 200
    assert {ada.ended(execution_id)["status"] for execution_id in long} == {"COMPLETED"}
