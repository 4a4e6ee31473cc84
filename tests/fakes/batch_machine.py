"""A state machine of batches that only remembers."""

from __future__ import annotations

from stepcrew.domain.batch import Batch
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.services.ports import Orchestration


class FakeBatchMachine:
    """`started` and `replaced` are rounds, by batch id and number; `standing` is what `look` answers for all."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []
        self.replaced: list[tuple[str, int]] = []
        self.resumed: list[str] = []
        self.standing: Orchestration | None = None
        self.replacements_left = 4
        self.outages = 0

    def start(self, batch: Batch) -> None:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The state machine did not answer.")
        self.started.append((batch.batch_id, batch.round))

    def look(self, batch: Batch) -> Orchestration | None:
        return self.standing

    def replace(self, batch: Batch) -> bool:
        if not self.replacements_left:
            return False
        self.replacements_left -= 1
        self.replaced.append((batch.batch_id, batch.round))
        return True

    def resume(self, token: str) -> None:
        self.resumed.append(token)
