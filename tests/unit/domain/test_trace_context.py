from __future__ import annotations

import json

import pytest
from tests.aws_table import NOW, execution
from tests.unit.domain.test_otlp import spans_of, story

from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.batch import Batch
from stepcrew.domain.execution import Status
from stepcrew.domain.trace_context import passed_on, traceparent_in

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CALLER = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (CALLER, CALLER),
        (f"  {CALLER} ", CALLER),
        (f"cc-{TRACE}-{SPAN}-01-what-comes", CALLER),
        (f"00-{TRACE}-{SPAN}-00", f"00-{TRACE}-{SPAN}-00"),
        (None, None),
        ("", None),
        ("not one", None),
        (CALLER.upper(), None),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"{CALLER}-more", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE[:-1]}-{SPAN}-01", None),
    ],
)
def test_a_header_is_read_as_w3c_says(header: str | None, read: str | None) -> None:
    assert traceparent_in(header) == read


def test_what_an_execution_causes_is_below_its_own_span_in_the_callers_trace() -> None:
    called = execution().model_copy(update={"traceparent": f"00-{TRACE}-{SPAN}-00"})
    root = spans_of(called, story())["invoke_workflow haiku"]
    assert (root["traceId"], root["parentSpanId"]) == (TRACE, SPAN)
    assert passed_on(called) == f"00-{TRACE}-{root['spanId']}-00"
    assert {span["traceId"] for span in spans_of(called, story()).values()} == {TRACE}


def test_without_a_caller_the_execution_begins_a_trace_that_is_always_the_same() -> None:
    root = spans_of(execution(), story())["invoke_workflow haiku"]
    assert passed_on(execution()) == f"00-{root['traceId']}-{root['spanId']}-01"
    assert "parentSpanId" not in root


def test_an_announcement_leads_to_the_executions_span_and_a_batch_has_none() -> None:
    told = json.loads(announcement_of(execution()).model_dump_json())
    assert told["traceparent"] == passed_on(execution())
    batch = Batch(
        batch_id="b",
        group_id="demo",
        name="june",
        crew="haiku@1",
        status=Status.COMPLETED,
        total=1,
        max_concurrency=1,
        tolerated_failures=0,
        created_at=NOW,
        updated_at=NOW,
        rows_in_round=1,
    )
    assert "traceparent" not in json.loads(announcement_of(batch).model_dump_json())
