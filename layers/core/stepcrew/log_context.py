"""What log lines are about. Whatever is logged inside `about` carries its keys, by whichever logger: so each line of a
function has the group, the execution and the attempt where there are such."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_NOTHING: Mapping[str, object] = {}
_about: ContextVar[Mapping[str, object]] = ContextVar("stepcrew_log_context", default=_NOTHING)


@contextmanager
def about(**keys: object) -> Generator[None]:
    """Keys without a value are left out; those of an enclosing `about` stay."""
    token = _about.set({**_about.get(), **{name: value for name, value in keys.items() if value}})
    try:
        yield
    finally:
        _about.reset(token)


class _InContext(logging.Filter):
    """Adds the keys to each record; what the line itself says of them goes before."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in _about.get().items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def correlate(handler: logging.Handler) -> None:
    """Once for each handler that writes a function's log."""
    if not any(isinstance(one, _InContext) for one in handler.filters):
        handler.addFilter(_InContext())
