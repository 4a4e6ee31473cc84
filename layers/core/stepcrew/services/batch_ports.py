"""What the use cases of batches need of the outside; as in `ports`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from stepcrew.domain.batch import Batch, BatchRow, RowEnding, RowReference
from stepcrew.domain.execution import BatchPlace, Status
from stepcrew.domain.submission import IdempotencyRecord
from stepcrew.services.ports import Orchestration


class BatchStore(Protocol):
    """Batches and their rows. The counts and sums of a batch change with its rows, in the same transaction."""

    def create(self, batch: Batch, idempotency: IdempotencyRecord | None) -> None:
        """Writes both or nothing. Raises `AlreadyExists` when the batch id or the idempotency key is taken, and
        `IdempotencyInFlight` when another request is writing the same key at this moment."""
        ...

    def get(self, group_id: str, batch_id: str) -> Batch:
        """Strongly consistent. Raises `BatchNotFound`."""
        ...

    def newest(self, group_id: str, *, before: str | None, limit: int) -> list[Batch]:
        """Newest first, before this batch id. Eventually consistent."""
        ...

    def open_batches(self) -> Iterator[tuple[str, str]]:
        """Group and id of every batch that is RUNNING; eventually consistent."""
        ...

    def row(self, group_id: str, batch_id: str, number: int) -> BatchRow | None:
        """Strongly consistent; None for one that is PENDING."""
        ...

    def rows(
        self, group_id: str, batch_id: str, *, after: int = 0, limit: int | None = None, status: Status | None = None
    ) -> list[BatchRow]:
        """Those that were begun, by number; strongly consistent."""
        ...

    def begin_row(self, batch: Batch, number: int, now: datetime) -> BatchRow | None:
        """RUNNING in the batch's round, unless that round has begun it before; answers the row as it stands. None when
        the batch has ended, was cancelled or is in another round."""
        ...

    def note_execution(self, batch: Batch, number: int, execution_id: str, token: str | None = None) -> bool:
        """Which execution runs the row, and one more task token that waits for its end: one that a killed state machine
        leaves behind takes no other's place. False, and nothing written, when the row has ended or is in another
        round."""
        ...

    def end_row(self, group_id: str, place: BatchPlace, ending: RowEnding, now: datetime) -> bool:
        """RUNNING becomes terminal, and the batch counts it; False when it is not RUNNING in that round (any more)."""
        ...

    def request_cancel(self, group_id: str, batch_id: str, now: datetime) -> bool:
        """Once, while it is RUNNING; False when it has ended or was cancelled before."""
        ...

    def keep_token(self, batch: Batch, token: str) -> None:
        """One more task token that waits until no row is RUNNING."""
        ...

    def begin_round(self, batch: Batch, rows: int, now: datetime) -> Batch | None:
        """The next round of a batch that has ended; None when another came between."""
        ...

    def end(self, batch: Batch, status: Status, reason: str, now: datetime) -> bool:
        """Only while it is RUNNING in that round and no row is; False otherwise."""
        ...


class BatchInputs(Protocol):
    """The inputs of all rows, and the lists of rows that each round takes."""

    def write(self, group_id: str, batch_id: str, inputs: bytes) -> None: ...

    def read(self, row: RowReference) -> bytes:
        """Raises `BodyExpired`."""
        ...

    def write_round(self, group_id: str, batch_id: str, number: int, rows: Iterable[RowReference]) -> None: ...

    def rows(self, group_id: str, batch_id: str, number: int = 1) -> list[RowReference]:
        """Those of a round; the first one takes all. Raises `BodyExpired`."""
        ...


class BatchOrchestrator(Protocol):
    def start(self, batch: Batch) -> None:
        """Starts the state machine of the batch's round; starting again is harmless."""
        ...

    def look(self, batch: Batch) -> Orchestration | None:
        """How the state machine execution of its round stands, the latest if it was replaced."""
        ...

    def replace(self, batch: Batch) -> bool:
        """Starts another one in place of one that has ended; False when the round has had its share of them."""
        ...

    def resume(self, token: str) -> None:
        """Lets a state machine that waits on this task token go on; one that does not wait any more is left alone."""
        ...
