"""Cancels running crews and looks at the model's side of it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from datetime import datetime
from typing import Any, NamedTuple

from scripted_model import ScriptedModel
from tests.e2e.user import TERMINAL, User, crew, task

CALL_SECONDS = 0.3
TASKS = 30


class Cancelled(NamedTuple):
    """Times in seconds from the request: to the beginning of the last model call (negative when it had begun before),
    and to the terminal status being visible. `begun` are the model calls that began after the request was accepted,
    `open` those that the model saw and whose answer was not in the journal by then."""

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
        open=len(begun) - sum(at <= requested for at in _answers(user, execution_id)),
        record=record,
    )


def _answers(user: User, execution_id: str) -> list[float]:
    """When each answer of the model was written into the journal."""
    bundle = user.get(f"/executions/{execution_id}/bundle").content
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        entries = [json.loads(line) for line in archive.read("journal.jsonl").splitlines()]
    return [datetime.fromisoformat(entry["written_at"]).timestamp() for entry in entries if entry["kind"] == "model"]
