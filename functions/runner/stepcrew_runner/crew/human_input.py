"""Answers that people judge: CrewAI's `human_input`."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

from crewai.agents.parser import AgentFinish
from crewai.core.providers.human_input import HumanInputProvider

from stepcrew.domain.approval import ApprovalKind, Decision, DecisionKind
from stepcrew.domain.canonical import digest
from stepcrew_runner.approvals.decisions import Decisions
from stepcrew_runner.crew.seams import answer_again, answer_again_async, tell_to_revise
from stepcrew_runner.gate.aborts import Question
from stepcrew_runner.gate.control import Control
from stepcrew_runner.gate.scope import current_task


class JudgedAnswers(HumanInputProvider):
    """CrewAI's way to ask for feedback. An answer that nobody has judged ends the attempt; the next one comes to the
    same answer, from the journal, and takes the decision on it."""

    def __init__(self, decisions: Decisions, control: Control) -> None:
        self._decisions = decisions
        self._control = control
        self._lock = threading.Lock()
        self._asked: dict[str, int] = defaultdict(int)

    def setup_messages(self, context: Any) -> bool:  # noqa: ARG002 - CrewAI's protocol
        return False

    def post_setup_messages(self, context: Any) -> None:
        pass

    def handle_feedback(self, formatted_answer: Any, context: Any) -> Any:
        answer = formatted_answer
        while (judged := self._judged(answer, context)) is None:
            answer = answer_again(context)
        return judged

    async def handle_feedback_async(self, formatted_answer: Any, context: Any) -> Any:
        answer = formatted_answer
        while (judged := self._judged(answer, context)) is None:
            answer = await answer_again_async(context)
        return judged

    def _judged(self, answer: Any, context: Any) -> Any:
        """The answer that was approved; None when it is to be revised, which the agent has then been told."""
        text = self._get_output_string(answer)
        decision = self._decision(text, context)
        if decision.kind is DecisionKind.REVISE:
            if context.messages[-1].get("role") != "assistant":
                # CrewAI keeps an answer only of agents with tools; a revision is about it.
                context.messages.append({"role": "assistant", "content": text})
            tell_to_revise(context, decision.comment or "")
            return None
        context.ask_for_human_input = False
        if decision.output is None:
            return answer
        return AgentFinish(thought="", output=decision.output, text=decision.output)

    def _decision(self, text: str, context: Any) -> Decision:
        task = current_task()
        with self._lock:
            self._asked[task] += 1
            # The answer is part of the key: a decision never counts for an answer that nobody has seen.
            key = f"answer/{task}/{self._asked[task]}/{digest(text)[:16]}"
        decision = self._decisions.decision(key)
        if decision is not None:
            return decision
        question = Question(
            ApprovalKind.ANSWER,
            f"Is this answer of crew task {task} good?",
            task_name=task,
            agent_role=getattr(context.agent, "role", None),
            output=text,
            key=key,
        )
        raise self._control.ask(question)
