"""An execution as one file."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from stepcrew.domain.execution import Status, TaskOutput
from stepcrew.domain.journal import EntryKind, EntryState, JournalEntry, TokenUsage
from stepcrew.domain.trace import EventSource, TraceEvent
from stepcrew.services import read_bodies
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import BOB, Harness, body

LARGE = "x" * 300_000


def ended(harness: Harness) -> str:
    execution_id = harness.client().post("/executions", json=body(inputs={"topic": "rain"})).json()["execution_id"]
    execution = harness.aws.executions.begin_attempt(GROUP, execution_id, NOW)
    about = {"kind": EntryKind.MODEL, "state": EntryState.ANSWERED, "scope": "haiku", "attempt": 1}
    for nth, text in enumerate(("small", LARGE), 1):
        entry = JournalEntry.model_validate(
            {**about, "digest": "d", "nth": nth, "written_at": NOW + timedelta(seconds=nth), "body": text}
            | {"usage": TokenUsage(prompt=3, completion=4), "cost_usd": Decimal("0.00012")}
        )
        harness.aws.journal.write(execution, entry)
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="haiku", raw=LARGE))
    reference = harness.aws.payloads.put(GROUP, execution_id, "trace-1-1", b'"whole"')
    event = TraceEvent(
        execution_id=execution_id,
        group_id=GROUP,
        attempt=1,
        sequence=1,
        emitted_at=NOW,
        event_type="crew_started",
        event_source=EventSource.CREW,
        output_reference=reference,
    )
    harness.aws.traces.record(GROUP, execution_id, [event], [])
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, traces_emitted=1)
    return execution_id


def opened(answer: Any) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_everything_is_in_one_file_bodies_from_the_bucket_included(harness: Harness) -> None:
    execution_id = ended(harness)
    answer = harness.client().get(f"/executions/{execution_id}/bundle")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert f'filename="{execution_id}.zip"' in answer.headers["content-disposition"]
    found = opened(answer)
    assert json.loads(found["manifest.json"]) == {
        "format": "stepcrew-bundle",
        "version": 1,
        "default_model": "openai/gpt-4.1-mini",
        "default_embedder": "",
    }
    execution = json.loads(found["execution.json"])
    assert (execution["execution_id"], execution["status"]) == (execution_id, "COMPLETED")
    assert "ada@example.com" not in "".join(found.values())
    definition = harness.client().get(f"/executions/{execution_id}/definition").json()
    assert json.loads(found["crew.json"]) == definition
    assert harness.client().post("/executions", json=json.loads(found["crew.json"])).status_code == 202
    [output] = [json.loads(line) for line in found["outputs.jsonl"].splitlines()]
    assert output["raw"] == LARGE
    [event] = [json.loads(line) for line in found["trace.jsonl"].splitlines()]
    assert (event["event_type"], event["output_reference"]["payload_id"]) == ("crew_started", "trace-1-1")
    assert found["bodies/trace-1-1"] == '"whole"'
    journal = [json.loads(line) for line in found["journal.jsonl"].splitlines()]
    assert [entry["body"] for entry in journal] == ["small", LARGE]
    assert not [entry for entry in journal if "body_reference" in entry]
    assert journal[0]["cost_usd"] == "0.00012"


def test_the_same_execution_gives_the_same_bytes(harness: Harness) -> None:
    execution_id = ended(harness)
    one, other = (harness.client().get(f"/executions/{execution_id}/bundle").content for _ in range(2))
    assert one == other


def test_one_that_is_too_large_to_pass_through_comes_from_the_bucket(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution_id = ended(harness)
    whole = harness.client().get(f"/executions/{execution_id}/bundle")
    monkeypatch.setattr(read_bodies, "MOST_PASSED_BYTES", 100)
    answer = harness.client().get(f"/executions/{execution_id}/bundle", follow_redirects=False)
    assert answer.status_code == 307
    place = httpx.URL(answer.headers["location"]).path
    assert place.endswith(f"groups/{GROUP}/executions/{execution_id}/bundle.zip")
    assert harness.aws.payloads.get(GROUP, execution_id, "bundle.zip") == whole.content
    harness.client().delete(f"/executions/{execution_id}")
    assert harness.aws.payloads.get(GROUP, execution_id, "bundle.zip") is None


def test_an_open_execution_has_a_bundle_too_and_a_foreign_one_has_none(harness: Harness) -> None:
    execution_id = harness.client().post("/executions", json=body()).json()["execution_id"]
    found = opened(harness.client().get(f"/executions/{execution_id}/bundle"))
    assert (json.loads(found["execution.json"])["status"], found["journal.jsonl"]) == ("PENDING", "")
    assert harness.client(BOB).get(f"/executions/{execution_id}/bundle").status_code == 404
