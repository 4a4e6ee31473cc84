"""What a project's own code asks people: `input()`, `Flow.ask`, `@human_feedback`.

Each becomes an approval: the question ends the attempt, and the next one comes to it again and takes the answer.
"""

from __future__ import annotations

import builtins
import json
import threading
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from crewai.flow.flow_config import flow_config
from pydantic_core import to_jsonable_python

from stepcrew.domain.approval import ApprovalKind, Decision, DecisionKind
from stepcrew.domain.canonical import digest
from stepcrew_runner.approvals.decisions import Decisions
from stepcrew_runner.gate.aborts import Question
from stepcrew_runner.gate.control import Control

MOST_CHARACTERS = 1_000


class Questions:
    """The questions of one attempt: CrewAI's providers of feedback and of input, and Python's `input`."""

    def __init__(self, decisions: Decisions, control: Control) -> None:
        self._decisions = decisions
        self._control = control
        self._lock = threading.Lock()
        self._asked: dict[str, int] = defaultdict(int)

    @contextmanager
    def in_place(self) -> Generator[None]:
        """Asked for everything in this process while it lasts; then as before."""
        before = builtins.input, flow_config.hitl_provider, flow_config.input_provider
        builtins.input = self.input
        flow_config.hitl_provider = flow_config.input_provider = self
        try:
            yield
        finally:
            builtins.input, flow_config.hitl_provider, flow_config.input_provider = before

    def input(self, prompt: object = "", /) -> str:
        """In place of Python's own."""
        return self.request_input(str(prompt))

    def request_input(self, message: str, flow: Any = None, metadata: Any = None) -> str:  # noqa: ARG002 - CrewAI's protocol
        text = message.strip()[:MOST_CHARACTERS] or "The code asks for an input."
        decision = self._decision(Question(ApprovalKind.INPUT, text), f"input/{digest(message)[:16]}")
        return decision.output or decision.comment or ""

    def request_feedback(self, context: Any, flow: Any) -> str:  # noqa: ARG002 - CrewAI's protocol
        """What a person said about what a method of a flow made.

        A decision without words is its own word, read by the model that chooses among the flow's outcomes. Where CrewAI
        takes the first outcome for silence, approval is silence.
        """
        output = _text(context.method_output)
        text = str(context.message)[:MOST_CHARACTERS] or "What do you say to this?"
        question = Question(ApprovalKind.FEEDBACK, text, task_name=context.method_name, output=output)
        # What was seen is part of the key: a decision never counts for something that nobody has seen.
        decision = self._decision(question, f"feedback/{context.method_name}/{digest(output)[:16]}")
        if decision.kind is DecisionKind.APPROVE:
            silent = context.emit and context.default_outcome in (None, context.emit[0])
            return decision.comment or ("" if silent else "approved")
        return decision.comment or "rejected"

    def _decision(self, question: Question, about: str) -> Decision:
        with self._lock:
            self._asked[about] += 1
            key = f"{about}/{self._asked[about]}"
        decision = self._decisions.decision(key)
        if decision is None:
            raise self._control.ask(question._replace(key=key))
        return decision


def _text(value: Any) -> str:
    raw = getattr(value, "raw", value)
    if isinstance(raw, str):
        return raw
    return json.dumps(to_jsonable_python(raw, fallback=str, inf_nan_mode="strings"), ensure_ascii=False, indent=1)
