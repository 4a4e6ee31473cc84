"""Queues whose depths a test sets."""

from __future__ import annotations

from stepcrew.domain.diagnosis import TraceQueueDepth
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.stack_state import QueueState


class FakeQueues:
    """`Queues` and `TraceQueueState`. `found` is what the trace queue has; null: no queue answers. The dead letters of
    the trace queue can be sent again, those of the webhook queue, of which there is `webhook_dead`, cannot."""

    def __init__(self) -> None:
        self.found: TraceQueueDepth | None = TraceQueueDepth(waiting=0, in_flight=0, dead=0)
        self.webhook_dead = 0
        self.redriven: list[str] = []

    def depth(self) -> TraceQueueDepth:
        if self.found is None:
            raise PlatformUnavailable("The queue did not answer.")
        return self.found

    def states(self) -> list[QueueState]:
        webhook = QueueState(name="webhook", waiting=0, in_flight=0, dead=self.webhook_dead, redrivable=False)
        return [QueueState(name="trace", redrivable=True, **self.depth().model_dump()), webhook]

    def redrive(self, name: str) -> None:
        if name != "trace":
            raise KeyError(name)
        self.redriven.append(name)
