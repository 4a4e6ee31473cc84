"""Who may tell the trace sink something about an execution.

SQS keeps the sender of a message beside it, where the sender cannot write: `AROA…:name` for a session of a role, the
role's id and the session's name (Amazon SQS API reference, ReceiveMessage, `SenderId`). The attempt's role gives a
session only under the name of the execution it is tagged with, and to a project's function only with its group.
"""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.project import group_digest


def project_session(group_id: str, execution_id: str) -> str:
    """What a session for an attempt of a project is called. At most 64 characters (AWS STS, `RoleSessionName`)."""
    return f"{execution_id}@{group_digest(group_id)}"


class TraceSenders(NamedTuple):
    """
    Attributes:
        role_id: id of the attempt's role; while it is empty, no message is accepted.
        redriving: `SenderId` of an operator whose redriven messages are accepted; empty for nobody.
    """

    role_id: str
    redriving: str = ""

    def speaks_for(self, sender_id: str, group_id: str, execution_id: str) -> bool:
        """Whether what this sender says about the group's execution is believed. Only the shared runner gets a session
        under the bare name of an execution; a project's says for which group it is."""
        if self.redriving and sender_id == self.redriving:
            return True
        names = (execution_id, project_session(group_id, execution_id))
        return bool(self.role_id) and sender_id in [f"{self.role_id}:{name}" for name in names]

    def is_attempt(self, sender_id: str) -> bool:
        """Whether the sender is a session of an attempt, of whichever execution."""
        return bool(self.role_id) and sender_id.startswith(f"{self.role_id}:")
