from __future__ import annotations

import json
from datetime import timedelta

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution, Status, TaskOutput
from stepcrew.domain.trace import EventSource, LogLine, TraceEvent
from stepcrew.services import read_bodies, read_trace, search_trace
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import BOB, Harness, body


def submitted(harness: Harness) -> str:
    return harness.client().post("/executions", json=body()).json()["execution_id"]


def running(harness: Harness) -> Execution:
    return harness.aws.executions.begin_attempt(GROUP, submitted(harness), NOW)


def events(execution: Execution, first: int, last: int, output: object = "text") -> list[TraceEvent]:
    return [
        TraceEvent.model_validate(
            {
                "execution_id": execution.execution_id,
                "group_id": GROUP,
                "attempt": 1,
                "sequence": sequence,
                "emitted_at": NOW + timedelta(seconds=sequence),
                "event_type": "llm_call_started",
                "event_source": EventSource.LLM,
                "output": output,
            }
        )
        for sequence in range(first, last + 1)
    ]


def test_nothing_changed_is_a_304_and_a_terminal_one_asks_for_no_polling(harness: Harness) -> None:
    execution, client = running(harness), harness.client()
    first = client.get(f"/executions/{execution.execution_id}")
    assert first.headers["retry-after"] == "1"
    tag = {"If-None-Match": first.headers["etag"]}
    assert client.get(f"/executions/{execution.execution_id}", headers=tag).status_code == 304
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, traces_emitted=0)
    after = client.get(f"/executions/{execution.execution_id}", headers=tag)
    assert (after.status_code, after.json()["status"]) == (200, "COMPLETED")
    assert "retry-after" not in after.headers
    waited = client.get(f"/executions/{execution.execution_id}", headers={"Prefer": "wait=20"})
    assert waited.headers["preference-applied"] == "wait=20"


def large(harness: Harness, execution: Execution, sequence: int, body: object) -> TraceEvent:
    """An event whose body is kept in the bucket."""
    text = json.dumps(body).encode()
    reference = harness.aws.payloads.put(GROUP, execution.execution_id, f"trace-1-{sequence}", text)
    [event] = events(execution, sequence, sequence, None)
    return event.model_copy(update={"output_reference": reference})


def test_a_search_finds_what_stands_inside_large_bodies(harness: Harness) -> None:
    execution = running(harness)
    said = [{"role": "user", "content": "x" * 20_000 + 'He said "Ebb\nand flood".'}]
    told = [*events(execution, 1, 2), large(harness, execution, 3, said), large(harness, execution, 4, "other")]
    harness.aws.traces.record(GROUP, execution.execution_id, told, [])
    url = f"/executions/{execution.execution_id}/traces"

    def found(search: str) -> list[str]:
        page = harness.client().get(url, params={"search": search}).json()
        assert page["more"] is False
        return [event["id"] for event in page["events"]]

    assert found('said "EBB\nAND') == ["1.3"]
    assert found("text") == ["1.1", "1.2"]
    assert found("neap") == []
    assert harness.client().get(url, params={"search": "x"}).status_code == 422


def test_a_search_opens_a_bounded_number_of_bodies_and_continues_behind_them(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_trace, "MOST_BODIES", 2)
    execution = running(harness)
    told = [large(harness, execution, number, "needle" if number == 5 else "hay") for number in range(1, 7)]
    harness.aws.traces.record(GROUP, execution.execution_id, told, [])
    url, query = f"/executions/{execution.execution_id}/traces", {"search": "needle"}
    pages = [harness.client().get(url, params=query).json()]
    while pages[-1]["more"]:
        pages.append(harness.client().get(url, params={**query, "after": pages[-1]["cursor"]}).json())
    assert [[event["id"] for event in page["events"]] for page in pages] == [[], [], ["1.5"]]
    first = harness.client().get(url, params={**query, "limit": 1}).json()
    assert (first["events"], first["more"]) == ([], True)


def test_a_weakened_tag_and_one_of_several_count_too(harness: Harness) -> None:
    execution, client = running(harness), harness.client()
    tag = client.get(f"/executions/{execution.execution_id}").headers["etag"]
    for sent in (f"W/{tag}", f'"x", {tag}'):
        answer = client.get(f"/executions/{execution.execution_id}", headers={"If-None-Match": sent})
        assert (answer.status_code, answer.headers["etag"], answer.content) == (304, tag, b"")


def test_waiting_answers_when_something_changes(harness: Harness) -> None:
    execution, client = running(harness), harness.client()
    tag = client.get(f"/executions/{execution.execution_id}").headers["etag"]
    harness.meanwhile = lambda: harness.aws.executions.finish(execution, Status.FAILED, message="", now=NOW)
    headers = {"If-None-Match": tag, "Prefer": "respond-async, wait=20"}
    answer = client.get(f"/executions/{execution.execution_id}", headers=headers)
    harness.meanwhile = lambda: None
    assert (answer.status_code, answer.json()["status"]) == (200, "FAILED")
    assert answer.headers["preference-applied"] == "wait=20"


def test_waiting_ends_by_itself(harness: Harness) -> None:
    execution, client = running(harness), harness.client()
    tag = client.get(f"/executions/{execution.execution_id}").headers["etag"]
    began = harness.waiting_clock.now()
    answer = client.get(f"/executions/{execution.execution_id}", headers={"If-None-Match": tag, "Prefer": "wait=1"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (304, "wait=1")
    assert harness.waiting_clock.now() - began == timedelta(seconds=1)


def test_who_may_not_wait_is_answered_at_once_and_another_group_may(harness: Harness) -> None:
    execution, client = running(harness), harness.client()
    now = harness.waiting_clock.now()
    places = [harness.places.take(GROUP, now=now, until=now + timedelta(seconds=20), most=10) for _ in range(10)]
    assert None not in places
    answer = client.get(f"/executions/{execution.execution_id}", headers={"Prefer": "wait=20"})
    assert (answer.status_code, "preference-applied" in answer.headers) == (200, False)
    assert answer.headers["retry-after"] == "1"
    assert harness.waiting_clock.now() == now
    assert harness.places.take("other", now=now, until=now + timedelta(seconds=20), most=10) is not None
    for place in places:
        assert place is not None
        harness.places.leave(place)
    assert client.get(f"/executions/{execution.execution_id}", headers={"Prefer": "wait=1"}).headers[
        "preference-applied"
    ]


def test_the_trace_is_paged_in_order_and_says_when_it_is_complete(harness: Harness) -> None:
    execution, client = running(harness), harness.client()
    harness.aws.traces.record(GROUP, execution.execution_id, events(execution, 1, 30), [])
    url = f"/executions/{execution.execution_id}/traces"
    page = client.get(url, params={"limit": 20}).json()
    assert ([event["sequence"] for event in page["events"]], page["more"]) == (list(range(1, 21)), True)
    rest = client.get(url, params={"limit": 20, "after": page["cursor"]}).json()
    assert ([event["sequence"] for event in rest["events"]], rest["more"]) == (list(range(21, 31)), False)
    assert rest["complete"] is False
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, traces_emitted=30)
    end = client.get(url, params={"after": rest["cursor"]}).json()
    assert (end["events"], end["complete"], end["cursor"]) == ([], True, rest["cursor"])


def test_every_event_says_whether_it_starts_ends_or_failed_and_what_it_pairs_with(harness: Harness) -> None:
    execution = running(harness)
    started = events(execution, 1, 1)[0]
    ended = started.model_copy(update={"sequence": 2, "event_type": "llm_call_failed", "started_sequence": 1})
    harness.aws.traces.record(GROUP, execution.execution_id, [started, ended], [])
    shown = harness.client().get(f"/executions/{execution.execution_id}/traces").json()["events"]
    told = [[event[name] for name in ("kind", "phase", "failed", "pairs_with")] for event in shown]
    assert told == [["llm_call", "start", False, None], ["llm_call", "end", True, "1.1"]]


def test_missing_events_are_named(harness: Harness) -> None:
    execution = running(harness)
    harness.aws.traces.record(GROUP, execution.execution_id, events(execution, 1, 2), [])
    harness.aws.traces.record(GROUP, execution.execution_id, events(execution, 5, 6), [])
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, traces_emitted=9)
    page = harness.client().get(f"/executions/{execution.execution_id}/traces").json()
    assert page["complete"] is False
    assert [(gap["first"], gap["last"]) for gap in page["gaps"]] == [(3, 4), (7, 9)]


def test_an_event_body_in_the_bucket_is_fetched_on_demand(harness: Harness) -> None:
    execution = running(harness)
    reference = harness.aws.payloads.put(GROUP, execution.execution_id, "trace-1-1", b'"a long text"')
    event = events(execution, 1, 1, None)[0].model_copy(update={"output_reference": reference})
    harness.aws.traces.record(GROUP, execution.execution_id, [event], [])
    shown = harness.client().get(f"/executions/{execution.execution_id}/traces").json()["events"][0]
    assert (shown["output"], shown["output_reference"]["bytes"]) == (None, 13)
    url = shown["output_reference"]["url"].removeprefix("/api/v1")
    assert harness.client().get(url).json() == "a long text"
    assert harness.client(BOB).get(url).status_code == 404
    assert harness.client().get(f"/executions/{execution.execution_id}/traces/1.9/output").status_code == 404


def test_the_result_holds_small_outputs_and_refers_to_large_ones(harness: Harness) -> None:
    execution = running(harness)
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="a", raw="small", json_dict={"k": "ü"}))
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=1, name="b", raw="ü" * 1_000_000))
    url = f"/executions/{execution.execution_id}"
    before = harness.client().get(f"{url}/result").json()
    assert (before["final"], before["output"], len(before["tasks"])) == (False, None, 2)
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW)
    result = harness.client().get(f"{url}/result").json()
    assert result["tasks"][0]["json_dict"] == {"k": "ü"}
    assert (result["final"], result["output"]) == (True, None)
    assert result["output_reference"]["bytes"] == 2_000_000
    assert harness.client().get(result["output_reference"]["url"].removeprefix("/api/v1")).text == "ü" * 1_000_000
    assert harness.client().get(f"{url}/tasks/7/output").status_code == 404


def test_a_body_too_large_for_lambda_is_fetched_from_the_bucket(harness: Harness) -> None:
    execution = running(harness)
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="a", raw="x" * 3_500_000))
    url = f"/executions/{execution.execution_id}/tasks/0/output"
    answer = harness.client().get(url, follow_redirects=False)
    assert answer.status_code == 307
    assert f"groups/{GROUP}/executions/{execution.execution_id}/" in answer.headers["location"]


def test_a_page_gets_the_address_of_a_large_body_instead_of_a_redirect(harness: Harness) -> None:
    """A browser takes `X-Group-Id` along to where it is redirected, and the bucket allows no header of ours."""
    execution = running(harness)
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="a", raw="x" * 3_500_000))
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=1, name="b", raw="x" * 500_000))
    url, header = f"/executions/{execution.execution_id}/tasks", {"Accept": "text/uri-list, */*"}
    answer = harness.client().get(f"{url}/0/output", headers=header, follow_redirects=False)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-type"].startswith("text/uri-list")
    assert f"/groups/{GROUP}/executions/{execution.execution_id}/" in answer.text
    assert harness.client().get(f"{url}/1/output", headers=header).text == "x" * 500_000


def test_log_lines_are_paged(harness: Harness) -> None:
    execution = running(harness)
    lines = [
        LogLine(attempt=1, sequence=n, emitted_at=NOW, level="INFO", logger="x", message=str(n)) for n in (1, 2, 3)
    ]
    harness.aws.traces.record(GROUP, execution.execution_id, [], lines)
    url = f"/executions/{execution.execution_id}/logs"
    page = harness.client().get(url, params={"limit": 2}).json()
    assert ([line["message"] for line in page["lines"]], page["more"]) == (["1", "2"], True)
    rest = harness.client().get(url, params={"after": page["cursor"]}).json()
    assert ([line["message"] for line in rest["lines"]], rest["more"]) == (["3"], False)


def test_the_list_is_newest_first_filtered_and_paged(harness: Harness) -> None:
    ids = [submitted(harness) for _ in range(3)]
    client = harness.client()
    client.post(f"/executions/{ids[1]}/cancel")
    page = client.get("/executions", params={"limit": 2}).json()
    assert [one["execution_id"] for one in page["executions"]] == [ids[2], ids[1]]
    rest = client.get("/executions", params={"cursor": page["next_cursor"]}).json()
    assert ([one["execution_id"] for one in rest["executions"]], rest["next_cursor"]) == ([ids[0]], None)
    cancelled = client.get("/executions", params={"status": "CANCELLED"}).json()["executions"]
    assert [one["execution_id"] for one in cancelled] == [ids[1]]
    assert client.get("/executions", params={"crew": "none"}).json()["executions"] == []
    assert harness.client(BOB).get("/executions").json()["executions"] == []


def test_cancelling_and_deleting_answer_sensibly_when_repeated(harness: Harness) -> None:
    execution_id, client = submitted(harness), harness.client()
    assert client.delete(f"/executions/{execution_id}").status_code == 409
    for _ in range(2):
        answer = client.post(f"/executions/{execution_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (202, "CANCELLED")
    gone = client.delete(f"/executions/{execution_id}")
    assert gone.json() == {
        "execution_id": execution_id,
        "removed": {"definitions": 1, "trace_messages": 1, "trace_events": 1, "executions": 1},
    }
    assert client.delete(f"/executions/{execution_id}").status_code == 404
    assert client.get(f"/executions/{execution_id}/definition").status_code == 404
    done = running(harness)
    assert client.delete(f"/executions/{done.execution_id}").status_code == 409
    for _ in range(2):
        answer = client.post(f"/executions/{done.execution_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (202, "RUNNING")
        assert answer.json()["cancel_requested_at"]
    harness.aws.executions.finish(done, Status.COMPLETED, message="", now=NOW)
    assert client.post(f"/executions/{done.execution_id}/cancel").status_code == 409


def test_the_definition_can_be_submitted_again(harness: Harness) -> None:
    execution_id = submitted(harness)
    stored = harness.client().get(f"/executions/{execution_id}/definition").json()
    assert harness.client().post("/executions", json=stored).status_code == 202


def test_a_platform_fault_is_a_503_and_a_bug_a_500_without_details(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise PlatformUnavailable("Reading the table failed: AWS answered ThrottlingException.")

    monkeypatch.setattr(harness.aws.executions, "get", away)
    answer = harness.client().get("/executions/x")
    assert (answer.status_code, answer.json()["retryable"], answer.headers["retry-after"]) == (503, True, "1")

    def broken(*_: object, **__: object) -> None:
        raise ValueError("a secret detail")

    monkeypatch.setattr(harness.aws.executions, "get", broken)
    answer = harness.client().get("/executions/x")
    assert (answer.status_code, answer.json()["request_id"]) == (500, "r-1")
    assert "secret" not in answer.text


def test_a_trace_is_exported_whole_for_a_collector(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_trace, "AT_ONCE", 2)
    execution = running(harness)
    harness.aws.traces.record(GROUP, execution.execution_id, events(execution, 1, 5), [])
    url = f"/executions/{execution.execution_id}/otlp"
    answer = harness.client().get(url)
    assert answer.headers["content-type"] == "application/json"
    [resource] = answer.json()["resourceSpans"]
    assert len(resource["scopeSpans"][0]["spans"]) == 1 + 5
    packed = harness.client().get(url, headers={"Accept": "text/uri-list, application/x-protobuf"})
    assert packed.headers["content-type"] == "application/x-protobuf"
    read = ExportTraceServiceRequest.FromString(packed.content)
    assert len(read.resource_spans[0].scope_spans[0].spans) == 1 + 5
    assert harness.client(BOB).get(url).status_code == 404


@pytest.mark.parametrize(
    ("accept", "is_packed"),
    [
        ("application/json;q=0.1, application/x-protobuf", True),
        ("application/*;q=0.9, application/json; q=0.2", True),
        ("application/x-protobuf;q=0.5, */*;q=0.5", True),
        ("APPLICATION/X-PROTOBUF", True),
        ("application/json, application/x-protobuf;q=0.1", False),
        ("application/x-protobuf;q=0, application/json;q=0.1", False),
        ("application/json, application/x-protobuf", False),
        ("text/html, */*;q=0.8", False),
        ("application/x-protobuf-2", False),
        ("", False),
        (";q=, application/json;q=what", False),
    ],
)
def test_the_form_of_a_trace_is_the_one_that_is_wanted_more(harness: Harness, accept: str, is_packed: bool) -> None:
    url = f"/executions/{running(harness).execution_id}/otlp"
    form = harness.client().get(url, headers={"Accept": accept}).headers["content-type"]
    assert form == ("application/x-protobuf" if is_packed else "application/json")


def test_an_address_that_is_not_wanted_is_a_redirect(harness: Harness) -> None:
    execution = running(harness)
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="a", raw="x" * 3_500_000))
    url, header = f"/executions/{execution.execution_id}/tasks/0/output", {"Accept": "text/uri-list;q=0, */*"}
    assert harness.client().get(url, headers=header, follow_redirects=False).status_code == 307


def test_both_forms_of_a_large_trace_lie_in_the_bucket_beside_each_other(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_bodies, "MOST_PASSED_BYTES", 100)
    url = f"/executions/{running(harness).execution_id}/otlp"
    forms = ("application/json", "application/x-protobuf")
    addresses = [harness.client().get(url, headers={"Accept": f"text/uri-list, {form}"}).text for form in forms]
    assert len({address.partition("?")[0] for address in addresses}) == 2
