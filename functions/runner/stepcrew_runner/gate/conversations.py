"""The conversations of crew tasks in flight: the next attempt goes on from them instead of starting over."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

from pydantic import BaseModel, JsonValue

from stepcrew.domain.execution import Execution
from stepcrew.services.ports import PayloadStore
from stepcrew_runner.isolation.addresses import as_platform
from stepcrew_runner.isolation.redaction import Redactor

logger = logging.getLogger("stepcrew_runner")


class Conversation(BaseModel):
    """Messages as the model saw them, at a model-call boundary. `iterations` counts towards the agent's `max_iter`.
    `approval` is the number of the approval whose verdict has yet to be put in; 0 when nothing is awaited. `answer` is
    the agent's, where the task has yet to end with it, because a guardrail judges it first; `refusals` came before."""

    messages: list[dict[str, JsonValue]]
    iterations: int = 0
    approval: int = 0
    answer: str | None = None
    refusals: int = 0


class Conversations:
    """Of one attempt, by crew task. An agent that plans by itself keeps more than messages: its task starts over."""

    def __init__(self, execution: Execution, payloads: PayloadStore, redactor: Redactor) -> None:
        self._execution = execution
        self._payloads = payloads
        self._redactor = redactor
        self._lock = threading.Lock()
        self._loaded: dict[int, Conversation] = {}
        self._now: dict[int, Conversation] = {}
        self._before: dict[int, list[dict[str, JsonValue]]] = {}
        self._answered: set[int] = set()
        self._refusals: dict[int, int] = {}
        self._iterations: dict[int, int] = {}

    def load(self, finished: set[int]) -> None:
        """Reads what the last attempt that handed over left behind."""
        for key, payload_id in self._execution.conversations.items():
            index = int(key)
            if index in finished:
                continue
            body = self._payloads.get(self._execution.group_id, self._execution.execution_id, payload_id)
            if body is None:
                logger.warning("The conversation of crew task %d is gone; the task starts over.", index)
                continue
            self._loaded[index] = Conversation.model_validate_json(body)
            self._before[index] = self._loaded[index].messages
            self._refusals[index] = self._loaded[index].refusals

    def of(self, index: int) -> Conversation | None:
        """What was loaded and not taken yet."""
        return self._loaded.get(index)

    def take(self, index: int) -> Conversation | None:
        """Only once: when CrewAI runs the task again, because a guardrail refused its output, it starts anew."""
        with self._lock:
            taken = self._loaded.pop(index, None)
            if index in self._answered:
                return None
            if taken:
                self._iterations[index] = taken.iterations
            return taken

    def answered(self, index: int) -> None:
        """Its answer is known. It is kept until the task is finished, but goes on only by a guardrail's refusal, and
        then anew."""
        self._answered.add(index)

    def iterations_before(self, index: int) -> int:
        """Of the conversation that was taken; answered once. CrewAI prepares an executor's tools in its iteration 0
        only, so they can be put back no earlier than at its first model call."""
        with self._lock:
            return self._iterations.pop(index, 0)

    def note(self, index: int, messages: list[Any], iterations: int, approval: int = 0) -> None:
        """How the conversation stands. Cheap, as it is called before each model call: messages are never changed."""
        with self._lock:
            if index in self._answered:  # and goes on all the same
                self._answered.remove(index)
                self._refusals[index] = self.refusals(index) + 1
            self._now[index] = Conversation.model_construct(
                messages=list(messages), iterations=iterations, approval=approval, refusals=self.refusals(index)
            )

    def note_whole(self, index: int, messages: list[Any], iterations: int) -> None:
        """The same at any other moment: only where every tool call has its result, as before a model call."""
        asked = next((at for at in reversed(range(len(messages))) if messages[at].get("role") == "assistant"), None)
        noted = self._now.get(index)
        if asked is None or (noted and noted.answer is not None):
            return
        calls, behind = len(messages[asked].get("tool_calls") or ()), len(messages) - asked - 1
        # Calls that are text have their results in the same message, and something behind it that asks to go on.
        if behind == calls if calls else behind:
            self.note(index, messages, iterations)

    def note_answer(self, index: int, answer: str) -> None:
        """The agent is done, the task is not. Should it be done again, its next conversation replaces this."""
        with self._lock:
            self._answered.add(index)
            self._now[index] = Conversation(messages=[], answer=answer, refusals=self.refusals(index))

    def refusals(self, index: int) -> int:
        """How often a guardrail has refused the task's answer."""
        return self._refusals.get(index, 0)

    def forget(self, index: int) -> None:
        """The task is finished."""
        with self._lock:
            self._now.pop(index, None)
            self._loaded.pop(index, None)

    def has_advanced(self) -> bool:
        """Whether this attempt brought any of them further."""
        with self._lock:
            return any(self._is_further(index, now) for index, now in self._now.items())

    def _is_further(self, index: int, now: Conversation) -> bool:
        before = self._before.get(index)
        return now.answer is not None or (len(now.messages) > 2 if before is None else now.messages != before)

    def save(self) -> dict[str, str]:
        """Writes all of them and answers their payload ids by task index. The attempt is part of the id, so that a late
        worker overwrites nothing; the record's fenced write makes them the ones that count."""
        with self._lock:
            current = {**self._loaded, **self._now}
        saved: dict[str, str] = {}
        for index, conversation in current.items():
            said = any(message.get("role") == "assistant" for message in conversation.messages)
            if not said and conversation.answer is None and not conversation.refusals:
                continue
            body = self._body(index, conversation)
            if body is not None:
                payload_id = f"conversation-{index:04d}-{self._execution.attempt}"
                as_platform(
                    self._payloads.put, self._execution.group_id, self._execution.execution_id, payload_id, body
                )
                saved[str(index)] = payload_id
        return saved

    def _body(self, index: int, conversation: Conversation) -> bytes | None:
        document = {
            "messages": conversation.messages,
            "iterations": conversation.iterations,
            "approval": conversation.approval,
            "answer": conversation.answer,
            "refusals": conversation.refusals,
        }
        try:
            return json.dumps(self._redactor.json(document), allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            logger.warning("The conversation of crew task %d cannot be kept (%s): it would start over.", index, error)
            return None
