"""Executions as the API tells them, written down step by step: no stack runs, so a run of hours takes no time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

BEGAN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LOOKED_AT = BEGAN + timedelta(hours=3)
"""When pictures are taken of what happened."""
LARGE = 16_000
NO_LIMITS = {"timeout_seconds": 3600, "max_tokens": None, "max_cost_usd": None, "max_model_calls": None}
NO_COST = {"model_usd": 0.0, "infrastructure_usd": 0.0001, "total_usd": 0.0001, "estimated": True}
BOOK = {"price_book": "2026-11", "region": "us-east-1"}
PAIRS = {"completed": "end", "failed": "end", "interrupted": "end", "received": "end", "held": "end"}
Fields = dict[str, Any]


def execution_id(number: int) -> str:
    return f"01a20d17-6f5b-7000-8000-{number:012d}"


class Story:
    """One execution of one crew. `at` is the clock in seconds after the submission; every method moves it on."""

    def __init__(
        self,
        number: int = 1,
        name: str = "tide-report",
        *,
        agents: Fields,
        tasks: list[Fields],
        began: datetime | None = None,
    ) -> None:
        self.id = execution_id(number)
        self.began = began or BEGAN + timedelta(minutes=7 * number)
        self.at = 0.0
        self.attempt = 1
        self.events: list[Fields] = []
        self.bodies: dict[str, str] = {}
        self.outputs: list[Fields] = []
        self.logs: list[Fields] = []
        self.artifacts: list[Fields] = []
        self.approvals: list[Fields] = []
        self.definition: Fields = {
            "config": {"name": name, "agents": agents, "tasks": tasks, "process": "sequential"},
            "inputs": {"topic": "tides"},
        }
        self.record: Fields = {
            "execution_id": self.id,
            "group_id": "demo",
            "name": name,
            "status": "PENDING",
            "message": "",
            "model": "openai/gpt-5.2",
            "process": "sequential",
            "source": "api",
            "crew": None,
            "submitted_by": "ada@example.org",
            "attempt": 1,
            "created_at": self.now(),
            "started_at": None,
            "ended_at": None,
            "updated_at": self.now(),
            "deadline": self.now(3600),
            "cancel_requested_at": None,
            "cancel_receipt": None,
            "waiting": None,
            "traceparent": None,
            "debug": False,
            "rerun_of": None,
            "rerun_from": None,
            "reruns": [],
            "error": None,
            "limits": dict(NO_LIMITS),
            "progress": {"tasks_done": 0, "tasks_total": len(tasks), "current_agent": None, "current_task": None},
            "traces": {"emitted": None, "recorded": 0, "complete": False},
            "usage": {
                "model_calls": 0,
                "prompt_tokens": 0,
                "cached_prompt_tokens": 0,
                "completion_tokens": 0,
                "reasoning_tokens": 0,
                "unanswered_calls": 0,
                "total_tokens": 0,
                "cost_usd": 0.0,
                "cost_note": None,
            },
            "cost": NO_COST | BOOK,
        }

    def now(self, more: float = 0) -> str:
        return (self.began + timedelta(seconds=self.at + more)).isoformat().replace("+00:00", "Z")

    def cost(self) -> Fields:
        """The bill, as if one task, agent and model had made all model calls."""
        used = self.record["usage"]
        counts = {"model_calls": used["model_calls"], "total_tokens": used["total_tokens"]}
        share = {**counts, "model_usd": used["cost_usd"]}
        line = {"what": "Runner: memory and time", "item": "function_gb_seconds", "basis": "measured"}
        return {
            **self.record["cost"],
            "by_task": [{"name": "research", **share}],
            "by_agent": [{"name": "Researcher", **share}],
            "by_model": [{"name": "openai/gpt-5.2", **share}],
            "infrastructure": [{**line, "quantity": 7.5, "unit_usd": 0.0000133334, "usd": 0.0001}],
            "notes": ["The execution is open."] if self.record["cost"]["estimated"] else [],
        }

    def why(self) -> Fields:
        """A diagnosis that tells something of everything."""
        steps = [
            {"at": self.now(), "event": "TaskStateEntered", "state": "RunCrew", "error": None},
            {"at": self.now(), "event": "TaskFailed", "state": None, "error": "Lambda.TooManyRequestsException"},
        ]
        logs = [
            {"attempt": 1, "sequence": number, "emitted_at": self.now(), "level": "INFO", "logger": "crew"}
            | {"message": "A line that is longer than the others. " * number}
            for number in (1, 2, 6)
        ]
        said = "The execution failed in crew task edit after 12 s (model, ModelUnavailable): The model answered 500."
        return {
            "execution_id": self.id,
            "status": self.record["status"],
            "summary": f"{said} Submit it again. 4 of its trace events are not recorded.",
            "findings": [{"rule": "failed", "what": said, "remedy": "Submit it again."}],
            "attempts": [
                {"attempt": 1, "emitted": 12, "recorded": 8, "died": False},
                {"attempt": 2, "emitted": None, "recorded": 3, "died": True},
            ],
            "machine": {"status": "RUNNING", "error": "", "steps": steps},
            "trace_queue": {"waiting": 12, "in_flight": 2, "dead": 1},
            "slots": {"running": 20, "may_run": 20, "waiting": 7, "position": 3, "open": 31, "may_be_open": 200},
            "approvals": [{"number": 1, "kind": "answer", "task_name": "edit", "expires_at": self.now(3600)}],
            "gaps": [{"attempt": 1, "first": 9, "last": 12}],
            "complete": False,
            "logs": logs,
            "unread": [],
        }

    def wait(self, seconds: float) -> None:
        self.at += seconds

    def tell(self, event_type: str, source: str, *, body: Any = None, **fields: Any) -> Fields:
        """One event, now. A body of more than 16 kB is kept beside the trace, as the sink does."""
        number = sum(1 for one in self.events if one["attempt"] == self.attempt) + 1
        base, _, ending = event_type.rpartition("_")
        phase = "start" if ending in ("started", "requested") else PAIRS.get(ending, "point")
        name = f"{self.attempt}.{number}"
        started = fields.get("started_sequence")
        text = json.dumps(body, ensure_ascii=False)
        reference = None
        if len(text.encode()) > LARGE:
            url = f"/api/v1/executions/{self.id}/traces/{name}/output"
            self.bodies[url] = text
            size = len(text.encode())
            reference = {"url": url, "bytes": size, "content_type": "application/json", "preview": text[:300]}
        event: Fields = {
            "id": name,
            "attempt": self.attempt,
            "sequence": number,
            "emitted_at": self.now(),
            "recorded_at": self.now(),
            "event_type": event_type,
            "event_source": source,
            "kind": base if phase != "point" else event_type,
            "phase": phase,
            "failed": ending in ("failed", "failure", "error") or event_type == "error",
            "pairs_with": f"{self.attempt}.{started}" if started else None,
            "event_context": "",
            "task_id": None,
            "task_name": None,
            "agent_role": None,
            "parent_sequence": None,
            "started_sequence": None,
            "duration_ms": None,
            "output": None if reference else body,
            "output_reference": reference,
            "extra_data": {},
            "trace_metadata": {},
            **fields,
        }
        self.events.append(event)
        self.record["traces"]["recorded"] = len(self.events)
        self.record["updated_at"] = self.now()
        return event

    def end(self, start: Fields, ending: str = "completed", *, body: Any = None, **fields: Any) -> Fields:
        """What `start` began is over now."""
        base = start["event_type"].removesuffix("_started").removesuffix("_requested")
        since = (self.at - self._seconds(start["emitted_at"])) * 1000
        same = {key: start[key] for key in ("event_context", "task_name", "agent_role", "parent_sequence")}
        told = {**same, "started_sequence": start["sequence"], "duration_ms": since, **fields}
        return self.tell(f"{base}_{ending}", start["event_source"], body=body, **told)

    def _seconds(self, iso: str) -> float:
        return (datetime.fromisoformat(iso) - self.began).total_seconds()

    def start(self, queued: float = 0.4, prepared: float = 1.2) -> Fields:
        """The state machine and the runner start; then the crew."""
        self.wait(queued)
        self.record |= {"status": "RUNNING", "started_at": self.now()}
        self.wait(prepared)
        self.crew = self.tell("crew_started", "crew", event_context=self.record["name"])
        return self.crew

    def task(self, name: str, role: str, *, context: str = "") -> Task:
        self.record["progress"] |= {"current_agent": role, "current_task": name}
        return Task(self, name, role, context)

    def finish(self, status: str = "COMPLETED", error: Fields | None = None, after: float = 0.6) -> Story:
        """The crew is over; the platform writes the record a little later."""
        done = status == "COMPLETED"
        self.end(self.crew, "completed" if done else "failed", body=error["message"] if error else None)
        if error:
            facts = {key: error[key] for key in ("category", "remedy", "retryable")}
            self.tell(
                "cancelled" if status == "CANCELLED" else "error",
                "system",
                body=error["message"],
                event_context=error["type"],
                extra_data=facts,
            )
        self.wait(after)
        self.record |= {"status": status, "ended_at": self.now(), "updated_at": self.now(), "error": error}
        self.record["cost"] |= {"estimated": False}
        self.record["progress"] |= {"current_agent": None, "current_task": None}
        self.record["traces"] |= {"emitted": len(self.events), "complete": True}
        return self

    def result(self) -> Fields:
        final = self.record["status"] == "COMPLETED"
        last = self.outputs[-1] if self.outputs else None
        return {
            "execution_id": self.id,
            "status": self.record["status"],
            "final": final,
            "output": last["raw"] if final and last else None,
            "output_reference": None,
            "json_dict": None,
            "tasks": self.outputs,
            "usage": self.record["usage"],
            "error": self.record["error"],
        }

    def ask(self, task: str, role: str, output: Any, **more: Any) -> Fields:
        """A person is asked about an answer; the execution waits."""
        number = len(self.approvals) + 1
        approval: Fields = {
            "approval_id": f"{self.id}.{number}",
            "execution_id": self.id,
            "execution_name": self.record["name"],
            "number": number,
            "kind": "answer",
            "question": "",
            "task_name": task,
            "agent_role": role,
            "output": output,
            "output_reference": None,
            "tools": [],
            "limit": None,
            "deciders": [],
            "may_decide": True,
            "on_timeout": "reject",
            "requested_at": self.now(),
            "expires_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
            "decision": None,
            "withdrawn_at": None,
            **more,
        }
        self.approvals.append(approval)
        waiting = {"kind": "answer", "number": number, "since": self.now(), "task_name": task}
        self.record |= {"status": "WAITING", "waiting": {**waiting, "expires_at": approval["expires_at"]}}
        return approval

    def decide(self, decision: str, comment: str | None = None) -> None:
        said = {"kind": decision, "comment": comment, "decided_by": "ada@example.org", "decided_at": self.now()}
        self.approvals[-1]["decision"] = {**said, "limits": None, "output": None, "output_reference": None}
        self.record |= {"status": "RUNNING", "waiting": None}


class Task:
    """One crew task at work: its agent asks a model and uses tools."""

    def __init__(self, story: Story, name: str, role: str, context: str) -> None:
        self.story = story
        self.name, self.role = name, role
        self.began = story.now()
        who = {"task_name": name, "agent_role": role}
        inside = {"parent_sequence": story.crew["sequence"]}
        self.started = story.tell("task_started", "task", body=context or None, event_context=name, **inside, **who)
        self.agent = story.tell(
            "agent_execution_started", "agent", event_context=role, parent_sequence=self.started["sequence"], **who
        )
        self.messages: list[Fields] = [
            {"role": "system", "content": f"You are {role}. You know the sea."},
            {"role": "user", "content": f"Current Task: {name}\n\nBegin!"},
        ]

    def _where(self) -> Fields:
        return {"parent_sequence": self.agent["sequence"], "task_name": self.name, "agent_role": self.role}

    def begin_call(self, model: str = "gpt-5.2") -> Fields:
        facts = {"model": model, "call_id": "c1", "temperature": 0.2}
        messages = list(self.messages)
        return self.story.tell(
            "llm_call_started", "llm", body=messages, event_context=model, extra_data=facts, **self._where()
        )

    def call(self, answer: Any, seconds: float = 1.0, *, tokens: int = 900, cost: float = 0.004) -> Fields:
        """One model call from its question to its answer."""
        started = self.begin_call()
        self.story.wait(seconds)
        out = tokens // 4
        usage = {"prompt_tokens": tokens - out, "completion_tokens": out, "total_tokens": tokens}
        facts = {"model": "gpt-5.2", "usage": usage, "cost_usd": cost, "finish_reason": "stop"}
        told = self.story.record["usage"]
        told["model_calls"] += 1
        told["cost_usd"] = round(told["cost_usd"] + cost, 6)
        self.story.record["cost"] |= {"model_usd": told["cost_usd"], "total_usd": round(told["cost_usd"] + 0.0001, 6)}
        for key, count in usage.items():
            told[key] += count
        if isinstance(answer, list):
            self.messages.append({"role": "assistant", "content": None, "tool_calls": answer})
        else:
            self.messages.append({"role": "assistant", "content": answer})
        return self.story.end(started, body=answer, extra_data=facts)

    def fail_call(self, text: str, seconds: float = 0.5) -> Fields:
        started = self.begin_call()
        self.story.wait(seconds)
        return self.story.end(started, "failed", body=text, extra_data={"model": "gpt-5.2"})

    def ask(self, answer: str) -> Fields:
        """The event that says that a person is asked."""
        facts = {"question": f"Judge the answer of {self.name}."}
        told = {"event_context": self.name, "extra_data": facts, **self._where()}
        return self.story.tell("human_feedback_requested", "human", body=answer, **told)

    def judge(self, said: str, *, passed: bool) -> Fields:
        """A guardrail judges the answer."""
        started = self.story.tell("guardrail_started", "guardrail", event_context="rule", **self._where())
        self.story.wait(0.2)
        return self.story.end(started, "completed" if passed else "failed", body=said)

    def received(self, asked: Fields, decision: str, comment: str | None = None) -> Fields:
        """The event that says what was decided."""
        facts = {"decision": decision, "decided_by": "ada@example.org", "comment": comment}
        return self.story.end(asked, "received", extra_data=facts)

    def use(self, tool: str, args: Fields, result: Any, seconds: float = 0.3, *, failed: bool = False) -> Fields:
        """The model asks for the tool, and the tool answers."""
        call = {"id": f"t{len(self.messages)}", "function": {"name": tool, "arguments": json.dumps(args)}}
        self.call([call], seconds=0.6)
        facts = {"tool_name": tool, "tool_args": args}
        started = self.story.tell("tool_usage_started", "tool", event_context=tool, extra_data=facts, **self._where())
        self.story.wait(seconds)
        self.messages.append({"role": "tool", "tool_call_id": call["id"], "name": tool, "content": result})
        return self.story.end(started, "failed" if failed else "completed", body=result, extra_data=facts)

    def recall(self, query: str, *found: tuple[str, float]) -> Fields:
        """A search in memory: what it found, and how well each fits."""
        asked = {"body": query, "extra_data": {"limit": 5}}
        started = self.story.tell("memory_query_started", "memory", **asked, **self._where())
        self.story.wait(0.1)
        hits = [{"record": {"content": text, "scope": "/crews/tide-report"}, "score": score} for text, score in found]
        return self.story.end(started, body=hits, extra_data={"query": query, "limit": 5})

    def done(self, output: str, *, expected: str = "Markdown.") -> Fields:
        story = self.story
        story.end(self.agent, body=output)
        told = story.end(self.started, body=output)
        story.outputs.append(
            {
                "index": len(story.outputs),
                "name": self.name,
                "agent_role": self.role,
                "state": "completed",
                "attempt": story.attempt,
                "started_at": self.began,
                "ended_at": story.now(),
                "expected_output": expected,
                "output_format": "raw",
                "raw": output,
                "raw_reference": None,
                "json_dict": None,
                "kept_from": None,
                "edited": False,
            }
        )
        story.record["progress"]["tasks_done"] += 1
        return told

    def failed(self, text: str) -> None:
        self.story.end(self.agent, "failed", body=text)
        self.story.end(self.started, "failed", body=text)


def agent(role: str, tools: list[str] | None = None) -> Fields:
    return {"role": role, "goal": "Explain tides", "backstory": "You know the sea.", "tools": tools or []}


def task(name: str, who: str, description: str = "Find out about {topic}.", **more: Any) -> Fields:
    return {"name": name, "agent": who, "description": description, "expected_output": "Markdown.", **more}
