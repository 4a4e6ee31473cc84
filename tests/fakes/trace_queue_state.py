"""A trace queue whose depth a test sets."""

from __future__ import annotations

from stepcrew.domain.diagnosis import TraceQueueDepth
from stepcrew.domain.errors import PlatformUnavailable


class FakeTraceQueueState:
    """`found` is what there is; null: the queue does not answer."""

    def __init__(self) -> None:
        self.found: TraceQueueDepth | None = TraceQueueDepth(waiting=0, in_flight=0, dead=0)

    def depth(self) -> TraceQueueDepth:
        if self.found is None:
            raise PlatformUnavailable("The queue did not answer.")
        return self.found
