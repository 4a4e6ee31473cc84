"""Removes what a person submitted, or everything of a group: who asks gets a receipt, and sweeps do the work."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from stepcrew.domain.batch import Batch
from stepcrew.domain.erasure import Erasure
from stepcrew.domain.errors import Conflict, ExecutionNotFound
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.listing import ListFilter
from stepcrew.services.batch_ports import BatchStore
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.change_batch import CancelBatch
from stepcrew.services.delete_execution import delete_execution
from stepcrew.services.erasure_ports import ErasureStore, Remains
from stepcrew.services.keep_secrets import KeepSecrets
from stepcrew.services.ports import Clock, ExecutionStore, ListingStore
from stepcrew.services.store_trigger import StoreTrigger
from stepcrew.services.trigger_ports import TriggerStore

PAGE = 100
LEASE = timedelta(minutes=3)
"""Longer than a sweep can last."""

logger = logging.getLogger(__name__)


class BeginErasure:
    """Asks for an erasure. Asking again, while it goes on, answers the one that does."""

    def __init__(
        self,
        erasures: ErasureStore,
        triggers: TriggerStore,
        store_trigger: StoreTrigger,
        secrets: KeepSecrets,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._erasures = erasures
        self._triggers = triggers
        self._store_trigger = store_trigger
        self._secrets = secrets
        self._clock = clock
        self._new_id = new_id

    def __call__(self, group_id: str, user: str | None, asked_by: str | None) -> Erasure:
        """With no user, of the group: its triggers and secrets are removed at once, so nothing starts any more."""
        known = [one for one in self._erasures.erasures(group_id) if one.user == user and not one.status.is_terminal]
        gone = self._at_once(group_id) if user is None else Counter[str]()
        if known:
            return known[0]
        now = self._clock.now()
        erasure = Erasure(
            erasure_id=self._new_id(),
            group_id=group_id,
            user=user,
            asked_by=asked_by,
            created_at=now,
            updated_at=now,
            removed=gone,
        )
        self._erasures.create(erasure)
        return erasure

    def _at_once(self, group_id: str) -> Counter[str]:
        triggers = [one.name for one in self._triggers.triggers(group_id)]
        for name in triggers:
            self._store_trigger.delete(group_id, name)
        secrets = [one.secret.name for one in self._secrets.list(group_id)]
        for name in secrets:
            self._secrets.delete(group_id, name)
        return +Counter(triggers=len(triggers), secrets=len(secrets))


class ContinueErasures:
    """Goes on with every erasure as long as there is time. What is removed is written into the receipt page by page; of
    a sweep that dies, what it removed since then is in no receipt, and what it did not is removed by the next."""

    def __init__(
        self,
        erasures: ErasureStore,
        executions: ExecutionStore,
        listing: ListingStore,
        batches: BatchStore,
        cancel: CancelExecution,
        remains: Remains,
        clock: Clock,
    ) -> None:
        self._erasures = erasures
        self._executions = executions
        self._listing = listing
        self._batches = batches
        self._cancel = cancel
        self._cancel_batch = CancelBatch(batches, cancel, clock)
        self._remains = remains
        self._clock = clock

    def sweep(self, has_time: Callable[[], bool]) -> int:
        """How many were completed. Raises `PlatformUnavailable` when they cannot be listed."""
        completed = 0
        for group_id, erasure_id in self._erasures.open_erasures():
            if not has_time():
                break
            try:
                completed += self(group_id, erasure_id, has_time)
            except Exception:  # the boundary of one erasure: whatever is wrong with it, the others go on
                logger.exception("Erasure %s could not be continued", erasure_id)
        return completed

    def __call__(self, group_id: str, erasure_id: str, has_time: Callable[[], bool]) -> bool:
        """Whether it is complete now."""
        erasure, now = self._erasures.erasure(group_id, erasure_id), self._clock.now()
        if erasure.status.is_terminal or (erasure.busy_until and now < erasure.busy_until):
            return False
        if erasure.before is None:
            erasure = erasure.model_copy(update={"still_open": 0})
        work = _Work(self._erasures, erasure, self._clock)
        work.save(busy_until=now + LEASE)
        if not (self._executions_go(work, has_time) and self._batches_go(work, has_time)):
            work.save(busy_until=None)
        elif work.erasure.still_open:  # from the beginning again, when they have ended
            work.save(busy_until=None, before=None)
        elif erasure.user is not None or self._rest_goes(work, has_time):
            work.save(busy_until=None, status=Status.COMPLETED, ended_at=self._clock.now())
        else:
            work.save(busy_until=None)
        return work.erasure.status.is_terminal

    def _executions_go(self, work: _Work, has_time: Callable[[], bool]) -> bool:
        """Newest first, from where the sweep before came to. Whether all were looked at."""
        erasure, before = work.erasure, work.erasure.before
        while has_time():
            page = self._listing.newest(erasure.group_id, ListFilter(), before=before, limit=PAGE)
            found = [one for one in page.executions if erasure.covers(one)]
            for done, execution in enumerate(found):
                if not has_time():
                    work.save(before=found[done - 1].execution_id if done else before)
                    return False
                self._goes(work, execution)
            before = page.before
            if before is None:
                work.save()
                return True
            work.save(before=before)
        return False

    def _goes(self, work: _Work, execution: Execution) -> None:
        group_id, execution_id = execution.group_id, execution.execution_id
        if not execution.status.is_terminal:
            self._cancel.if_open(group_id, execution_id)
        with suppress(ExecutionNotFound):
            try:
                work.removed += delete_execution(self._executions, group_id, execution_id)
            except Conflict:
                work.still_open += 1

    def _batches_go(self, work: _Work, has_time: Callable[[], bool]) -> bool:
        erasure, before = work.erasure, None
        while True:
            page = self._batches.newest(erasure.group_id, before=before, limit=PAGE)
            for batch in page:
                if not has_time():
                    return False
                if erasure.covers(batch):
                    self._batch_goes(work, batch)
            work.save()
            if len(page) < PAGE:
                return True
            before = page[-1].batch_id

    def _batch_goes(self, work: _Work, batch: Batch) -> None:
        if not batch.status.is_terminal:
            with suppress(Conflict):
                self._cancel_batch(batch.group_id, batch.batch_id)
            work.still_open += 1
            return
        for gone in self._remains.of_batch(batch.group_id, batch.batch_id):
            work.removed += gone

    def _rest_goes(self, work: _Work, has_time: Callable[[], bool]) -> bool:
        for gone in self._remains.of_group(work.erasure.group_id):
            work.removed += gone
            if not has_time():
                return False
        return True


class _Work:
    """One sweep's part of an erasure: what went since the receipt was written last."""

    def __init__(self, erasures: ErasureStore, erasure: Erasure, clock: Clock) -> None:
        self._erasures = erasures
        self._clock = clock
        self.erasure = erasure
        self.removed: Counter[str] = Counter()
        self.still_open = 0

    def save(self, **changed: object) -> None:
        """Raises `Conflict` when somebody else is at work on it."""
        before = self.erasure
        fields = {
            "removed": Counter(before.removed) + self.removed,
            "still_open": before.still_open + self.still_open,
            "updated_at": self._clock.now(),
            "revision": before.revision + 1,
        }
        self.erasure = before.model_copy(update=fields | changed)
        if not self._erasures.save(self.erasure):
            raise Conflict("The erasure was continued by somebody else.")
        self.removed, self.still_open = Counter(), 0
