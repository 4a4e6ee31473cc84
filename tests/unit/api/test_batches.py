"""Batches over the API: what is refused, how they stand, their rows and their results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepcrew.aws.batch_inputs import BucketBatchInputs
from stepcrew.domain.batch import RowEnding
from stepcrew.domain.execution import BatchPlace, Status, TaskOutput
from tests.aws_table import BUCKET, GROUP, NOW
from tests.unit.api.harness import BOB, INBOX, VERA, Harness, body, keep_file
from tests.unit.api.test_usage import ended

pytestmark = pytest.mark.slow

ROWS = [{"topic": f"topic {number}"} for number in range(1, 6)]


@pytest.fixture
def batches(harness: Harness) -> Harness:
    harness.client().put("/crews/haiku", json={"config": body()["config"]})
    harness.aws.clients.s3.create_bucket(Bucket=INBOX)
    return harness


def submit(harness: Harness, **changes: Any) -> Any:
    return harness.client().post("/batches", json={"crew": "haiku", "inputs": ROWS, **changes})


def ended_row(harness: Harness, batch_id: str, number: int, output: str | None = None) -> str:
    """A row whose execution has completed with this output, or failed."""
    execution_id = harness.client().post("/executions", json={"crew": "haiku"}).json()["execution_id"]
    batch = harness.batches.get(GROUP, batch_id)
    assert harness.batches.begin_row(batch, number, NOW)
    execution = harness.aws.executions.begin_attempt(GROUP, execution_id, NOW)
    if output is not None:
        harness.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="haiku", raw=output))
    place = BatchPlace(batch_id=batch_id, row=number, round=1)
    status = Status.FAILED if output is None else Status.COMPLETED
    assert harness.batches.end_row(GROUP, place, RowEnding(status, used=execution), NOW)
    return execution_id


def test_a_batch_is_accepted_listed_read_and_cancelled(batches: Harness) -> None:
    made = submit(batches, name="june", max_concurrency=2, tolerated_failures=1)
    assert made.status_code == 202, made.text
    batch = made.json()
    assert made.headers["location"] == f"/api/v1/batches/{batch['batch_id']}"
    assert (batch["status"], batch["total"], batch["pending"], batch["crew"]) == ("RUNNING", 5, 5, "haiku@1")
    assert "token" not in batch
    other = submit(batches).json()
    client = batches.client(VERA)
    assert client.get(f"/batches/{batch['batch_id']}").json() == batch
    first = client.get("/batches?limit=1").json()
    assert [one["batch_id"] for one in first["batches"]] == [other["batch_id"]]
    second = client.get("/batches", params={"cursor": first["next_cursor"]}).json()
    assert [one["batch_id"] for one in second["batches"]] == [batch["batch_id"]]
    assert second["next_cursor"] is None
    assert client.post(f"/batches/{batch['batch_id']}/cancel").status_code == 403
    assert batches.client().post(f"/batches/{batch['batch_id']}/cancel").json()["cancel_requested_at"]
    assert batches.client().post(f"/batches/{batch['batch_id']}/retry").status_code == 409


def test_the_same_key_and_body_are_one_batch(batches: Harness) -> None:
    def send(key: str, **changes: Any) -> Any:
        sent = {"crew": "haiku", "inputs": ROWS, **changes}
        headers = {"Idempotency-Key": key, "traceparent": f"00-{next(traces) * 32}-{'b' * 16}-01"}
        return batches.client().post("/batches", json=sent, headers=headers)

    traces = iter("acdef")  # a repetition comes with another
    first, again = send("k"), send("k")
    assert first.json()["traceparent"].startswith("00-aaaa")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert send("k", max_concurrency=1).status_code == 422
    assert send("other").json()["batch_id"] != first.json()["batch_id"]
    assert len(batches.batch_machine.started) == 2


def test_a_batch_whose_budget_is_used_up_is_refused_at_once(batches: Harness) -> None:
    ended(batches, "haiku", "3")
    assert batches.client().put("/budgets", json={"crews": {"haiku": 2.5}}).is_success
    refused = submit(batches, crew="haiku@1")
    assert (refused.status_code, "haiku" in refused.json()["detail"]) == (402, True)
    assert batches.client().get("/batches").json()["batches"] == []


def test_another_groups_batch_is_not_there(batches: Harness) -> None:
    batch_id = submit(batches).json()["batch_id"]
    stranger = batches.client(BOB)
    assert stranger.get("/batches").json()["batches"] == []
    for path in ("", "/rows", "/results"):
        assert stranger.get(f"/batches/{batch_id}{path}").status_code == 404
    for path in ("/cancel", "/retry"):
        assert stranger.post(f"/batches/{batch_id}{path}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"inputs": None}, ""),
        ({"file": "a.csv"}, ""),
        ({"inputs": None, "file": "absent.csv"}, "/file"),
        ({"inputs": None, "s3": f"s3://{INBOX}/other/a.csv"}, "/s3"),
        ({"inputs": None, "s3": "s3://secret-bucket/demo/a.csv"}, "/s3"),
        ({"max_concurrency": 0}, "/max_concurrency"),
        ({"tolerated_failures": -1}, "/tolerated_failures"),
        ({"crew": "haiku@@1"}, "/crew"),
        ({"rows": 3}, "/rows"),
    ],
)
def test_what_is_wrong_is_told_by_field(batches: Harness, changes: dict[str, Any], pointer: str) -> None:
    refused = submit(batches, **changes)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert batches.client().get("/batches").json()["batches"] == []


def test_rows_come_from_an_object_of_the_groups_folder_in_the_inbox(batches: Harness) -> None:
    batches.aws.clients.s3.put_object(Bucket=INBOX, Key="demo/batches/june.csv", Body=b"topic\nrain\nsnow\n")
    batches.aws.clients.s3.put_object(Bucket=INBOX, Key="demo/june.jsonl", Body=b'{"topic": "rain"}\n')
    assert submit(batches, inputs=None, file="batches/june.csv").json()["total"] == 2
    assert submit(batches, inputs=None, s3=f"s3://{INBOX}/demo/june.jsonl").json()["total"] == 1
    batches.aws.clients.s3.put_object(Bucket=INBOX, Key="demo/odd.jsonl", Body=b"{")
    assert "Line 1" in submit(batches, inputs=None, file="odd.jsonl").json()["detail"]


def test_rows_come_from_a_file_of_the_group(batches: Harness) -> None:
    assert keep_file(batches, "june.csv", b'\xef\xbb\xbftopic\nrain\n\n"snow, ice"\n').is_success
    assert keep_file(batches, "june.jsonl", b'{"topic": "rain"}\n').is_success
    # One of the same name in the inbox is not what is meant.
    batches.aws.clients.s3.put_object(Bucket=INBOX, Key="demo/june.csv", Body=b"{")
    made = submit(batches, inputs=None, file="june.csv").json()
    rows = BucketBatchInputs(batches.aws.clients, BUCKET).rows(GROUP, made["batch_id"])
    assert (made["total"], len(rows)) == (2, 2)
    assert submit(batches, inputs=None, file="june.jsonl").json()["total"] == 1
    other = batches.client(BOB).post("/batches", json={"crew": "haiku", "file": "june.jsonl"})
    assert "no file june.jsonl and no object june.jsonl" in other.json()["detail"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"topic,place\nrain,here\nsnow\n", "Line 3 has 1 values, and the first line names 2 columns."),
        ("a.csv", b'topic\n"rain\nor sun"\nsnow,x\n', "Line 4 has 2 values, and the first line names 1 columns."),
        ("a.csv", b"topic,topic\nrain,sun\n", "Line 1 names the column topic twice."),
        ("a.csv", b"topic,\nrain,\n", "Line 1 names no column in place 2."),
        ("a.csv", b'topic\n"rain\n', "is no CSV"),
        ("a.jsonl", b'{"topic": "rain"}\n\n{"topic"\n', "Line 3 is no JSON"),
        ("a.jsonl", b'{"topic": "rain"}\n["snow"]\n', "Row 2 is no object"),
        ("a.csv", b"topic\n\xff\n", "no UTF-8"),
        ("a.csv", b"topic\n", "between 1 and"),
        ("a.csv", b"topic\n" + b"x" * 20_000_001, "larger than 20,000,000 bytes"),
    ],
)
def test_a_file_that_does_not_fit_is_told_by_its_line_and_starts_nothing(
    batches: Harness, name: str, content: bytes, told: str
) -> None:
    assert keep_file(batches, name, content).is_success
    refused = submit(batches, inputs=None, file=name)
    assert refused.status_code == 422, refused.text
    assert told in refused.json()["detail"]
    assert batches.client().get("/batches").json()["batches"] == []


def test_results_are_lines_in_the_order_of_the_rows_page_by_page(batches: Harness) -> None:
    batch_id = submit(batches).json()["batch_id"]
    made = [
        ended_row(batches, batch_id, 1, "Rain."),
        ended_row(batches, batch_id, 2),
        ended_row(batches, batch_id, 4, "Sun."),
    ]
    batches.batches.begin_row(batches.batches.get(GROUP, batch_id), 3, NOW)  # it runs
    client, lines, path = batches.client(VERA), list[dict[str, Any]](), f"/batches/{batch_id}/results?limit=2"
    pages = 0
    while path:
        page = client.get(path)
        assert page.headers["content-type"].startswith("application/jsonl")
        lines += [json.loads(line) for line in page.text.splitlines()]
        link = page.headers.get("link", "")
        path = link.partition("<")[2].partition(">")[0].removeprefix("/api/v1")
        pages += 1
    assert pages == 2
    assert [(one["row"], one["status"], one["output"]) for one in lines] == [
        (1, "COMPLETED", "Rain."),
        (2, "FAILED", None),
        (4, "COMPLETED", "Sun."),
    ]
    assert [one["inputs"] for one in lines] == [ROWS[0], ROWS[1], ROWS[3]]
    assert [one["execution_id"] for one in lines] == made


def test_rows_are_listed_by_status(batches: Harness) -> None:
    batch_id = submit(batches).json()["batch_id"]
    for number, output in ((1, "Rain."), (2, None), (3, "Sun."), (4, None)):
        ended_row(batches, batch_id, number, output)
    client = batches.client(VERA)
    failed = client.get(f"/batches/{batch_id}/rows", params={"status": "FAILED", "limit": 1}).json()
    assert [row["row"] for row in failed["rows"]] == [2]
    assert "token" not in failed["rows"][0]
    rest = client.get(f"/batches/{batch_id}/rows", params={"status": "FAILED", "cursor": failed["next_cursor"]}).json()
    assert ([row["row"] for row in rest["rows"]], rest["next_cursor"]) == ([4], None)
    assert client.get(f"/batches/{batch_id}/rows", params={"cursor": "bm9uZQ"}).status_code == 422
