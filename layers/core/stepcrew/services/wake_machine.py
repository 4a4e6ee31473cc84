"""Wakes the state machine that waits on an execution's task token. Harmless when repeated, or when nothing waits."""

from __future__ import annotations

import logging

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution
from stepcrew.services.ports import ApprovalStore, Orchestrator

logger = logging.getLogger(__name__)


class WakeMachine:
    """Sends a task token back to the state machine. What was decided is in the record already, so failing to wake loses
    nothing: the sweep repeats it."""

    def __init__(self, approvals: ApprovalStore, orchestrator: Orchestrator) -> None:
        self._approvals = approvals
        self._orchestrator = orchestrator

    def __call__(self, execution: Execution) -> bool:
        """Whether a token was known and used. Never raises `PlatformUnavailable`."""
        try:
            token = self._approvals.token(execution.group_id, execution.execution_id)
            if token is None:
                return False
            self._orchestrator.resume(token)
            self._approvals.forget_token(execution.group_id, execution.execution_id, token)
        except PlatformUnavailable:
            told = {"group_id": execution.group_id, "execution_id": execution.execution_id}
            logger.warning(
                "The state machine was not woken; the sweep will.", extra={**told, "attempt": execution.attempt}
            )
            return False
        return True
