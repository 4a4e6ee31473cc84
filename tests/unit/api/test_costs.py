"""What executions cost, over the API."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.journal import JournalEntry
from stepcrew.domain.metering import Metered
from stepcrew.domain.submission import fingerprint
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import MIA, Harness, body
from tests.unit.api.test_reading import events


def running(harness: Harness) -> Execution:
    execution_id = harness.client().post("/executions", json=body()).json()["execution_id"]
    return harness.aws.executions.begin_attempt(GROUP, execution_id, NOW, 1769)


def paid(nth: int, usd: str, **more: Any) -> JournalEntry:
    fields = {"kind": "model", "state": "answered", "scope": "haiku", "digest": "d" * 64, "nth": nth, "attempt": 1}
    told = {"written_at": NOW, "name": "openai/gpt-4.1-mini", "agent": "Poet", "cost_usd": usd}
    return JournalEntry.model_validate({**fields, **told, "usage": {"prompt": 90, "completion": 10}, **more})


def cost(harness: Harness, execution: Execution, **params: str) -> dict[str, Any]:
    answer = harness.client().get(f"/executions/{execution.execution_id}/cost", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_bill_is_there_while_it_runs_and_final_at_its_end(harness: Harness) -> None:
    execution = running(harness)
    before = cost(harness, execution)
    assert (before["model_usd"], before["estimated"], before["by_task"]) == (0, True, [])
    harness.aws.journal.write(execution, paid(1, "0.25"))
    assert cost(harness, execution)["model_usd"] == 0.25
    metered = Metered(attempts=1, mb_ms=1769 * 60_000)
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, metered=metered)
    after = cost(harness, execution)
    share = {"model_calls": 1, "total_tokens": 100, "model_usd": 0.25}
    assert after["by_task"] == [{"name": "haiku", **share}]
    assert after["by_agent"] == [{"name": "Poet", **share}]
    assert after["by_model"] == [{"name": "openai/gpt-4.1-mini", **share}]
    assert (after["estimated"], after["price_book"], after["notes"]) == (False, "2026-11", [])
    assert after["total_usd"] == pytest.approx(after["model_usd"] + after["infrastructure_usd"])
    assert sum(line["usd"] for line in after["infrastructure"]) == pytest.approx(after["infrastructure_usd"])


def test_what_comes_late_or_twice_changes_nothing(harness: Harness) -> None:
    late = running(harness)
    harness.aws.journal.write(late, paid(1, "0.25"))
    execution = harness.aws.executions.begin_attempt(GROUP, late.execution_id, NOW, 1769)
    metered = Metered(attempts=1, mb_ms=1769 * 60_000)
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, metered=metered)
    before = cost(harness, execution)
    harness.aws.journal.write(late, paid(1, "9.99"))
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, metered=metered.plus(metered))
    harness.aws.traces.record(GROUP, execution.execution_id, events(execution, 1, 3), [])
    for _ in range(30):
        again = harness.client().post(f"/executions/{execution.execution_id}/rerun", json={})
        assert again.status_code == 202, again.text
    assert cost(harness, execution) == before


def test_a_record_and_a_list_say_the_same_as_the_bill(harness: Harness) -> None:
    execution = running(harness)
    read = harness.client().get(f"/executions/{execution.execution_id}").json()["cost"]
    [listed] = harness.client().get("/executions").json()["executions"]
    assert read == listed["cost"]
    whole = cost(harness, execution)
    assert {name: whole[name] for name in read} == read


def test_another_price_book_prices_it_again_and_one_that_is_none_is_named(harness: Harness) -> None:
    execution = running(harness)
    assert cost(harness, execution, price_book="2026-11")["price_book"] == "2026-11"
    url = f"/executions/{execution.execution_id}/cost"
    refused = harness.client().get(url, params={"price_book": "2020-01"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "unknown_price_book"


def test_a_dry_run_tells_what_earlier_executions_of_the_name_cost(harness: Harness) -> None:
    client = harness.client()

    def estimate(name: str) -> Any:
        return client.post("/executions?dry_run=true", json=body(name=name)).json()["estimate"]

    assert estimate("poems") is None
    for name, usd, seconds in (("poems", 1, 60), ("poems", 3, 180), ("poems", 2, 90), ("other", 9, 900)):
        execution_id = client.post("/executions", json=body(name=name)).json()["execution_id"]
        held = harness.aws.executions.begin_attempt(GROUP, execution_id, NOW, 1769)
        spent = Usage(model_calls=1, cost_usd=Decimal(usd))
        ended_at = NOW + timedelta(seconds=seconds)
        harness.aws.executions.finish(held, Status.COMPLETED, message="", now=ended_at, usage=spent)
    running(harness)
    found = estimate("poems")
    assert found["executions"] == 3
    assert found["seconds"] == {"low": 60, "median": 90, "high": 180}
    dollars = [found["total_usd"][name] for name in ("low", "median", "high")]
    assert [round(usd, 1) for usd in dollars] == [1, 2, 3]


def test_an_estimate_leaves_out_a_cost_that_nobody_knows(harness: Harness) -> None:
    held = running(harness)
    unknown = Usage(model_calls=1, cost_note="No price is known for openai/own.")
    harness.aws.executions.finish(held, Status.COMPLETED, message="", now=NOW, usage=unknown)
    found = harness.client().post("/executions?dry_run=true", json=body()).json()["estimate"]
    assert (found["executions"], found["total_usd"]) == (1, None)


OWN = {"models": {"openai/gpt-4.1-mini": {"input_usd": 1, "output_usd": 4.5}}}


def test_an_execution_keeps_the_groups_own_prices_of_the_moment_it_was_submitted(harness: Harness) -> None:
    client = harness.client()
    without = client.post("/executions", json=body()).json()["execution_id"]
    assert client.put("/prices", json=OWN).status_code == 200
    assert client.get("/prices").json()["models"]["openai/gpt-4.1-mini"]["output_usd"] == 4.5
    priced = client.post("/executions", json=body()).json()["execution_id"]
    assert client.put("/prices", json={"models": {}}).status_code == 200
    assert not harness.aws.executions.submission(GROUP, without).model_prices
    submission = harness.aws.executions.submission(GROUP, priced)
    assert submission.model_prices["openai/gpt-4.1-mini"].output_usd == Decimal("4.5")
    assert fingerprint(submission) == harness.aws.executions.get(GROUP, priced).definition_hash


@pytest.mark.parametrize(
    ("models", "pointer"),
    [
        ({"nothing": {"input_usd": 1, "output_usd": 1}}, "/models/nothing"),
        ({"openai/x": {"input_usd": -1, "output_usd": 1}}, "/models/openai~1x/input_usd"),
        ({"openai/x": {"input_usd": 1}}, "/models/openai~1x/output_usd"),
        ({"openai/x": {"input_usd": 1, "output_usd": 1, "fee": 1}}, "/models/openai~1x/fee"),
    ],
)
def test_prices_that_cannot_be_are_refused_at_their_places(harness: Harness, models: Any, pointer: str) -> None:
    refused = harness.client().put("/prices", json={"models": models})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith(pointer)


def test_who_is_no_admin_reads_prices_and_sets_none(harness: Harness) -> None:
    assert harness.client(MIA).put("/prices", json=OWN).status_code == 403
    assert harness.client(MIA).get("/prices").json() == {"models": {}}
