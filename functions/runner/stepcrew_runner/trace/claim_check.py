"""Large bodies of trace events go to the bucket; the event keeps a reference and a preview."""

from __future__ import annotations

import json

from stepcrew.domain.event_size import fitted
from stepcrew.domain.execution import Execution
from stepcrew.domain.trace import TraceEvent
from stepcrew.services.ports import PayloadStore

INLINE_BYTES = 16_000


class ClaimCheck:
    """Puts large outputs of one attempt's events into the bucket. Repeating it writes the same payload under the same
    id."""

    def __init__(self, execution: Execution, payloads: PayloadStore) -> None:
        self._execution = execution
        self._payloads = payloads

    def apply(self, events: list[TraceEvent]) -> list[TraceEvent]:
        return [fitted(self._light(event)) for event in events]

    def _light(self, event: TraceEvent) -> TraceEvent:
        if event.output is None:
            return event
        body = json.dumps(event.output, ensure_ascii=False).encode(errors="replace")
        if len(body) <= INLINE_BYTES:
            return event
        reference = self._payloads.put(
            self._execution.group_id,
            self._execution.execution_id,
            f"trace-{event.attempt}-{event.sequence}",
            body,
        )
        return event.model_copy(update={"output": None, "output_reference": reference})
