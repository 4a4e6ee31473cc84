"""Writes docs/trace-events.md from the runner's table of kinds; with --check, fails when the committed one differs."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/trace-events.md"
sys.path[:0] = [str(ROOT), str(ROOT / "functions/runner")]

from scripts.document_part import keep  # noqa: E402

TEXT = """# Trace events

The trace of an execution is the ordered list of its events. They are CrewAI's own events, taken synchronously where they
happen, with only the fields named here: whole events of CrewAI hold keys.

| field | meaning |
|---|---|
| `id` | `<attempt>.<sequence>`; `sequence` counts from 1 without gaps within its attempt |
| `emitted_at`, `recorded_at` | when it happened in the runner; when the sink stored it |
| `event_type`, `event_source` | what happened, and to what (tables below) |
| `kind`, `phase`, `failed` | the grammar of the event, told by the server: its type without its phase (`llm_call`), whether it is a `start`, an `end` or a `point`, and whether it tells of a failure |
| `pairs_with` | on an `end`: the `id` of its start |
| `event_context` | a short label: the model, the tool, the crew's or the agent's name |
| `task_id`, `task_name`, `agent_role` | the crew task (its index and name) and the agent it belongs to; delegated work belongs to the task that delegated it |
| `parent_sequence` | the started event of the scope around it, in the same attempt |
| `started_sequence`, `duration_ms` | on an event that ends something: its started event, and the time between |
| `output` | what went in (started), what came out (completed), or the error's text (failed); a large body is an `output_reference`. Of a [file that a model is shown](files.md#shown-to-models-that-see), a message has `files`: name, kind, size and hash |
| `extra_data` | small facts, named below; a completed model call also has `usage` (prompt, cached prompt, completion, reasoning and total tokens; of all requests that were let out for it) and `cost_usd` (null when no price is known) |
| `trace_metadata` | `replayed: true` where an earlier attempt has told this already: this one came to it again, answered from the journal, so its usage is zero |

A kind comes as `_started` (phase `start`), then `_completed` or `_failed` (phase `end`). Read `phase` and `failed`, not the
words: an end without success (`success` in `extra_data` is false, as for an answer that a guardrail did not accept) is
failed too, and so are the points `error` and `tool_failure`. An `end` without `pairs_with` had no start in this trace
(`task_skipped`); a person's decision and its question have the same `approval` in `extra_data`, as they lie in different attempts. What is cut off by a cancel or a deadline stays open: it has a
started event only, and the trace ends with the system's own event. What goes on in the next attempt, because the slice
is over or a person is asked, ends as `_interrupted`.

A label (`agent_role`, `task_name`, `event_context`) has at most 2,000 characters, and an event at most 200 KB beside its
body in the bucket; what would be larger is cut, and `extra_data.shortened` names the parts. No event is left out for its
size.

## What the system adds

| event | source | meaning |
|---|---|---|
| `task_skipped` | task | the condition of a conditional task did not hold; `output` says what was compared with what |
| `human_feedback_requested` | human | the execution waits for a person; `output` is what is to be judged. `extra_data`: approval (its number), question, deciders, expires_at, on_timeout |
| `human_feedback_received` | human | the decision, told by the attempt that goes on; `duration_ms` is the time waited. `extra_data`: approval, decision, decided_by (null: nobody in time), comment, limits |
| `tool_usage_held` | tool | ends a `tool_usage_started`: the call waits for a person. When it is allowed, the call is made and recorded as a new pair of events; when it is refused, the refusal is its result |
| `crew_interrupted`, `task_interrupted`, `agent_execution_interrupted` | crew, task, agent | the attempt ended here, and the next one goes on |
| `error` | system | why the execution failed; `extra_data`: category, remedy, retryable. Attempt 9999 is the platform's own: the runner could not say it |
| `cancelled` | system | it was cancelled on request |

## From CrewAI

| event | source | CrewAI's event | extra_data |
|---|---|---|---|
"""


def current() -> str:
    from stepcrew_runner.trace.kinds import KINDS

    rows = [
        f"| `{kind.event_type}` | {kind.source.value} | `{name}` | {', '.join(kind.extra) or '–'} |"
        for name, kind in KINDS.items()
    ]
    return TEXT + "\n".join(rows) + "\n"


def main() -> int:
    stale = "docs/trace-events.md is not what the code says: run scripts/trace_events.py and commit it."
    return keep(DOCUMENT, __doc__, current, stale)


if __name__ == "__main__":
    sys.exit(main())
