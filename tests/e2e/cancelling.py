"""Cancels running crews and looks at the model's side of it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, NamedTuple

from scripted_model import ScriptedModel
from tests.e2e.user import TERMINAL, User, crew, task

CALL_SECONDS = 0.3
TASKS = 30


class Cancelled(NamedTuple):
    """Times in seconds from the request: to the beginning of the last model call (negative when it had begun before),
    and to the terminal status being visible. `begun` are the model calls that began after the request was accepted,
    `open` those that had not ended by then; both are counted at the model."""

    to_last_call: float
    to_the_end: float
    begun: int
    open: int
    record: dict[str, Any]

    @property
    def told(self) -> int | None:
        """The model calls of the cancel receipt."""
        return self.record["cancel_receipt"]["model_calls"]


def cancel_one(user: User, model: ScriptedModel, name: str, after_calls: int) -> Cancelled:
    """Cancels a crew of one short model call for each task, in the middle of a call."""
    texts = [f"Task {n} of {name}. [[slow {CALL_SECONDS}]] [[say OUT-{n}]]" for n in range(TASKS)]
    execution_id = user.submit(crew(*(task(text, f"t{n}", context=[]) for n, text in enumerate(texts)), name=name))
    user.until(execution_id, lambda _: len(model.mentioning(f" of {name}.")) >= after_calls)
    answer = user.post(f"/executions/{execution_id}/cancel")
    assert answer.status_code == 202, answer.text
    record = user.until(execution_id, lambda record: record["status"] in TERMINAL)
    ended = time.time()
    record = user.ended(execution_id)
    requested = datetime.fromisoformat(record["cancel_requested_at"]).timestamp()
    begun = [request.received_at for request in model.mentioning(f" of {name}.")]
    return Cancelled(
        to_last_call=max(begun) - requested,
        to_the_end=ended - requested,
        begun=sum(at > requested for at in begun),
        open=sum(at + CALL_SECONDS > requested for at in begun),
        record=record,
    )
