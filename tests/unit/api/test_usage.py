"""What a group used, over the API."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stepcrew.aws.usage import TableUsage
from stepcrew.domain.execution import Status, Usage
from stepcrew.services.count_usage import CountUsage
from stepcrew.services.read_cost import ReadCost
from stepcrew_api.routes import usage as usage_route
from tests.aws_table import GROUP, NOW, TABLE, execution, submission
from tests.unit.api.harness import BOB, MIA, Harness, body

TODAY = NOW.date().isoformat()


_numbers = itertools.count(1)


def ended(harness: Harness, name: str, usd: str, days: int = 0, *, told: bool = True) -> str:
    """An execution of this name, counted as the announcer does where it is told."""
    aws = harness.aws
    moment = f"{int(NOW.timestamp() * 1000):012x}"
    execution_id = f"{moment[:8]}-{moment[8:]}-7000-8000-{next(_numbers):012x}"
    new = execution(execution_id, name=name).model_copy(update={"submitted_by": "ada@example.com"})
    aws.executions.create(new, submission(), None)
    held = aws.executions.begin_attempt(GROUP, execution_id, NOW)
    spent = Usage(model_calls=1, total_tokens=100, cost_usd=Decimal(usd))
    done = aws.executions.finish(held, Status.COMPLETED, message="", now=NOW + timedelta(days=days), usage=spent)
    read_cost = ReadCost(aws.executions, aws.journal, "us-east-1")
    if told:
        assert CountUsage(TableUsage(aws.clients, TABLE), aws.journal, read_cost)([done]) == 1
    return execution_id


def usage(harness: Harness, **params: str) -> dict[str, Any]:
    answer = harness.client().get("/usage", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_sums_are_those_of_the_days_the_dearest_first(harness: Harness) -> None:
    ended(harness, "poems", "1")
    ended(harness, "report", "5")
    ended(harness, "poems", "2")
    ended(harness, "old", "9", days=-40)
    found = usage(harness)
    assert (found["from"], found["to"], found["by"]) == (NOW.date().replace(day=1).isoformat(), TODAY, "crew")
    assert [(row["name"], row["executions"], row["model_usd"]) for row in found["rows"]] == [
        ("report", 1, 5),
        ("poems", 2, 3),
    ]
    assert (found["total"]["executions"], found["total"]["model_usd"]) == (3, 8)
    assert found["total"]["total_usd"] == pytest.approx(8 + found["total"]["infrastructure_usd"])
    whole = usage(harness, **{"from": (NOW.date() - timedelta(days=60)).isoformat()}, by="day")
    assert [row["model_usd"] for row in whole["rows"]] == [9, 8]
    assert [row["name"] for row in usage(harness, by="user")["rows"]] == ["ada@example.com"]
    assert harness.client(BOB).get("/usage").json()["rows"] == []


def test_a_table_opens_in_a_spreadsheet_and_runs_nothing_there(harness: Harness) -> None:
    ended(harness, '=HYPERLINK("x"),a', "1")
    answer = harness.client().get("/usage", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert f"-{TODAY}.csv" in answer.headers["content-disposition"]
    head, row = csv.reader(io.StringIO(answer.text))
    assert row[0] == '\'=HYPERLINK("x"),a'
    assert dict(zip(head, row, strict=True))["model_usd"] == "1.000000000"


def test_a_recount_proves_the_sums_or_names_the_wrong_ones(harness: Harness) -> None:
    ended(harness, "poems", "1")
    good = harness.client().get("/usage/recount").json()
    assert (good["executions"], good["differences"]) == (1, [])
    harness.aws.clients.dynamodb.update_item(
        TableName=TABLE,
        Key={"PK": {"S": "GROUP#demo#USAGE"}, "SK": {"S": f"SUM#crew#{TODAY}#poems"}},
        UpdateExpression="ADD executions :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    [wrong] = harness.client().get("/usage/recount").json()["differences"]
    assert (wrong["by"], wrong["name"], wrong["summed"]["executions"], wrong["counted_again"]["executions"]) == (
        *("crew", "poems"),
        *(2, 1),
    )
    assert harness.client(MIA).get("/usage/recount").status_code == 403


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-11-02", "to": "2026-11-01"},
        {"from": "2024-01-01", "to": "2026-01-01"},
        {"by": "moon"},
        {"to": "9999-12-31", "from": "9999-12-31"},
        {"to": "0001-01-01", "from": "0001-01-01"},
    ],
)
def test_days_that_cannot_be_are_refused(harness: Harness, params: dict[str, str]) -> None:
    assert harness.client().get("/usage", params=params).status_code == 422


def test_a_used_up_budget_refuses_what_would_start_and_shows_what_was_spent(harness: Harness) -> None:
    client = harness.client()
    assert client.get("/budgets").json() == {"month": f"{NOW:%Y-%m}", "revision": 0, "budgets": []}
    ended(harness, "poems", "3")
    set_to = client.put("/budgets", json={"group_usd": 100, "crews": {"poems": 2.5}}).json()["budgets"]
    assert [(one["crew"], one["limit_usd"], round(one["spent_usd"])) for one in set_to] == [
        (None, 100, 3),
        ("poems", 2.5, 3),
    ]
    refused = client.post("/executions", json=body(name="poems"))
    assert (refused.status_code, refused.json()["category"]) == (402, "budget")
    assert "The budget of the crew poems" in refused.json()["detail"]
    assert client.post("/executions", json=body(name="report")).status_code == 202
    assert client.put("/budgets", json={"revision": 1}).json()["budgets"] == []
    assert client.post("/executions", json=body(name="poems")).status_code == 202


def test_budgets_are_an_admins_and_numbers(harness: Harness) -> None:
    assert harness.client(MIA).put("/budgets", json={}).status_code == 403
    assert harness.client().put("/budgets", json={"group_usd": "100"}).status_code == 422
    assert harness.client().put("/budgets", json={"crews": {"": 1}}).status_code == 422


def test_of_two_admins_who_change_budgets_at_once_the_second_is_told(harness: Harness) -> None:
    ada = harness.client()
    read = ada.get("/budgets").json()["revision"]
    assert ada.put("/budgets", json={"group_usd": 5, "revision": read}).json()["revision"] == 1
    late = ada.put("/budgets", json={"group_usd": 500, "revision": read})
    assert (late.status_code, "revision 0" in late.json()["detail"]) == (409, True)
    assert [one["limit_usd"] for one in ada.get("/budgets").json()["budgets"]] == [5]
    assert ada.put("/budgets", json={"group_usd": 500, "revision": 1}).json()["revision"] == 2


def test_a_recount_finds_what_was_not_counted_and_counts_it(harness: Harness) -> None:
    ended(harness, "poems", "1")
    missed = ended(harness, "poems", "2", told=False)
    harness.client().post("/executions", json=body(name="open"))
    assert harness.client().get("/usage/recount").json()["missing"] == [missed]
    assert usage(harness)["total"]["executions"] == 1
    assert harness.client(MIA).post("/usage/recount").status_code == 403
    for _ in range(2):
        repaired = harness.client().post("/usage/recount").json()
        assert (repaired["executions"], repaired["differences"], repaired["missing"]) == (2, [], [])
    assert usage(harness)["total"]["model_usd"] == 3


def test_more_names_than_an_answer_takes_are_others(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_route, "MOST_ROWS", 1)
    for name, usd in (("a", "1"), ("b", "5"), ("c", "2")):
        ended(harness, name, usd)
    rows = [(row["name"], row["executions"], row["model_usd"]) for row in usage(harness)["rows"]]
    assert rows == [("b", 1, 5), ("others", 2, 3)]


def test_a_journal_that_cannot_be_read_holds_up_nothing(harness: Harness) -> None:
    execution_id = ended(harness, "poems", "2", told=False)
    broken = {"PK": f"GROUP#{GROUP}#EXECUTION#{execution_id}", "SK": "JOURNAL#1", "document": '{"kind": "other"}'}
    harness.aws.clients.dynamodb.put_item(TableName=TABLE, Item={key: {"S": text} for key, text in broken.items()})
    assert harness.client().post("/usage/recount").json()["missing"] == []
    assert usage(harness)["total"]["model_usd"] == 2
