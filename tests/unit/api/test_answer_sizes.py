"""No answer is larger than Lambda passes on, whatever its texts are made of, for a client that takes no gzip."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from stepcrew.domain.answer_size import answered_bytes
from stepcrew.domain.execution import Execution, Status, TaskOutput
from stepcrew.domain.trace import EventSource, LogLine, TraceEvent
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import Harness, body

pytestmark = pytest.mark.slow

LAMBDA_BYTES = 6 * 1024 * 1024
TEXTS = ["x", '"', "\\", "\x01", "ü", "🙂"]


def running(harness: Harness) -> Execution:
    execution_id = harness.client().post("/executions", json=body()).json()["execution_id"]
    return harness.aws.executions.begin_attempt(GROUP, execution_id, NOW)


def plain(client: TestClient, url: str, **params: int) -> Any:
    answer = client.get(url, params=params, headers={"Accept-Encoding": "identity"}, follow_redirects=False)
    assert answered_bytes(answer.text) < LAMBDA_BYTES - 100_000
    return answer


def completed(harness: Harness, text: str) -> Execution:
    execution = running(harness)
    structured: dict[str, object] = {"field": text * (70_000 // len(json.dumps(text)[1:-1]))}
    raw = json.dumps(structured, ensure_ascii=False)
    for index in range(40):
        output = TaskOutput(index=index, name=f"t{index}", raw=raw, json_dict=structured, expected_output=text * 9_000)
        harness.aws.tasks.save_task_output(execution, output)
    return harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW)


@pytest.mark.parametrize("text", TEXTS)
def test_a_result_with_much_structured_output_fits_into_one_answer(harness: Harness, text: str) -> None:
    result = plain(harness.client(), f"/executions/{completed(harness, text).execution_id}/result").json()
    assert all(task["raw"] is not None or task["raw_reference"]["url"] for task in result["tasks"])


def test_a_full_result_holds_the_crews_own_answer_and_refers_to_others(harness: Harness) -> None:
    result = plain(harness.client(), f"/executions/{completed(harness, 'x').execution_id}/result").json()
    assert json.loads(result["output"]) == result["json_dict"] == {"field": "x" * 70_000}
    whole = [task["raw"] is not None for task in result["tasks"]]
    assert (whole[0], whole[-1], 20 < sum(whole) < 40) == (True, True, True)


@pytest.mark.parametrize("text", TEXTS)
def test_pages_of_large_events_and_lines_end_early(harness: Harness, text: str) -> None:
    execution = running(harness)
    about = {"execution_id": execution.execution_id, "group_id": GROUP, "attempt": 1, "emitted_at": NOW}
    for first in range(1, 500, 100):
        numbers = range(first, first + 100)
        kind = {"event_type": "llm_call_started", "event_source": EventSource.LLM, "output": text * 15_000}
        events = [TraceEvent.model_validate({**about, **kind, "sequence": number}) for number in numbers]
        lines = [
            LogLine(attempt=1, sequence=number, emitted_at=NOW, level="INFO", logger="x", message=text * 4_000)
            for number in numbers
        ]
        harness.aws.traces.record(GROUP, execution.execution_id, events, lines)
    url = f"/executions/{execution.execution_id}"
    assert plain(harness.client(), f"{url}/traces", limit=500).json()["more"] is True
    assert len(plain(harness.client(), f"{url}/logs", limit=1000).json()["lines"]) > 100


def test_a_body_of_control_characters_is_fetched_from_the_bucket(harness: Harness) -> None:
    execution = running(harness)
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="a", raw="\x01" * 1_000_000))
    answer = plain(harness.client(), f"/executions/{execution.execution_id}/tasks/0/output")
    assert (answer.status_code, "location" in answer.headers) == (307, True)


def test_a_crew_too_large_to_be_shown_again_is_not_accepted(harness: Harness) -> None:
    large = body()
    texts = {f"k{number}": "\\" * 40_000 for number in range(35)}
    large["config"]["tasks"][0]["output_json"] = {"properties": {"x": {"type": "string", **texts}}}
    answer = harness.client().post("/executions", json=large)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too_large")
