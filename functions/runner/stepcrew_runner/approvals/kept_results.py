"""Results of allowed tool calls in work that begins again: they take the place of the calls then."""

from __future__ import annotations

import json
import logging

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution
from stepcrew.services.ports import PayloadStore
from stepcrew_runner.isolation.addresses import as_platform
from stepcrew_runner.isolation.redaction import Redactor

logger = logging.getLogger("stepcrew_runner")


class KeptResults:
    """Of one execution, by the id of the call."""

    def __init__(self, execution: Execution, payloads: PayloadStore, redactor: Redactor) -> None:
        self._group_id, self._execution_id = execution.group_id, execution.execution_id
        self._payloads = payloads
        self._redactor = redactor

    def read(self, call_id: str) -> str | None:
        body = as_platform(self._payloads.get, self._group_id, self._execution_id, _payload_id(call_id))
        return None if body is None else json.loads(body)

    def write(self, call_id: str, result: str) -> None:
        """One that cannot be kept is not worth the attempt: it is missed only if the work begins again."""
        body = json.dumps(self._redactor.text(result)).encode()
        try:
            as_platform(self._payloads.put, self._group_id, self._execution_id, _payload_id(call_id), body)
        except PlatformUnavailable as fault:
            logger.warning("The result of an allowed tool call is not kept: %s", fault.message)


def _payload_id(call_id: str) -> str:
    return f"call-{call_id}"
