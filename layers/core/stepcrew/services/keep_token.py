"""Takes the task token on which a state machine waits for a person, or for a slot."""

from __future__ import annotations

from stepcrew.services.ports import ApprovalStore, Orchestrator


class KeepToken:
    """Stores the task token on which a state machine waits. May be repeated and may come late: a token of an execution
    that does not wait any more is sent back at once, so that a decision made before its token was known is not lost."""

    def __init__(self, approvals: ApprovalStore, orchestrator: Orchestrator) -> None:
        self._approvals = approvals
        self._orchestrator = orchestrator

    def __call__(self, group_id: str, execution_id: str, token: str) -> bool:
        """Answers whether it is kept. Raises `PlatformUnavailable` when it could neither be kept nor sent back."""
        if self._approvals.keep_token(group_id, execution_id, token):
            return True
        self._orchestrator.resume(token)
        return False
