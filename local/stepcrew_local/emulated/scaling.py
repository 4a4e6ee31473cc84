"""When a function gets one more process: this machine has few cores, not a region's worth.

Lambda starts an environment for every invocation that finds none free. Here that would start eight imports of CrewAI
at once on two cores, which then all take four times as long, while the process that is warm stands idle again after
half a second. So only as many processes start at the same time as there are cores; an invocation beyond that waits for
whichever comes first, a free process or its turn to start one.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

LOOK_SECONDS = 0.05
"""A process that has started does not say so to those who wait; they look."""

_acquire = lambda_runtime.acquire_worker
_release = lambda_runtime.release_worker
_changed = threading.Condition()
_most_starting = max(2, os.cpu_count() or 1)


def install() -> None:
    """Puts itself between invocations and the emulator's pool."""
    lambda_svc.acquire_worker = acquire
    lambda_svc.release_worker = release


def acquire(
    func_name: str,
    config: dict[str, Any],
    code_zip: bytes,
    qualifier: str = "$LATEST",
    max_concurrency: int | None = None,
) -> Any:
    """Does what the emulator's own does, but waits while nothing is free and nothing more may start."""
    key = lambda_runtime._worker_key(func_name, config, qualifier)
    with _changed:
        while not _may_take(key):
            _changed.wait(LOOK_SECONDS)
        return _acquire(func_name, config, code_zip, qualifier, max_concurrency)


def release(worker: Any) -> None:
    """Does what the emulator's own does, and tells those who wait."""
    _release(worker)
    with _changed:
        _changed.notify_all()


def _may_take(key: str) -> bool:
    with lambda_runtime._lock:
        if any(not worker.in_use for worker in lambda_runtime._workers.get(key, ())):
            return True
        everyone = [worker for workers in lambda_runtime._workers.values() for worker in workers]
        return sum(worker.in_use and not _has_started(worker) for worker in everyone) < _most_starting


def _has_started(worker: Any) -> bool:
    process = worker._proc
    return process is not None and process.poll() is None and worker._first_poll.is_set()
