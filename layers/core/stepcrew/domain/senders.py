"""Who may tell the trace sink something about an execution.

SQS keeps the sender of a message beside it, where the sender cannot write: `AROA…:name` for a session of a role, the
role's id and the session's name (Amazon SQS API reference, ReceiveMessage, `SenderId`). The attempt's role gives a
session only under the name of the execution it is tagged with.
"""

from __future__ import annotations

from typing import NamedTuple


class TraceSenders(NamedTuple):
    """
    Attributes:
        role_id: id of the attempt's role; while it is empty, no message is accepted.
        redriving: `SenderId` of an operator whose redriven messages are accepted; empty for nobody.
    """

    role_id: str
    redriving: str = ""

    def speaks_for(self, sender_id: str, execution_id: str) -> bool:
        """Whether this sender's messages about the execution are accepted."""
        if self.redriving and sender_id == self.redriving:
            return True
        return bool(self.role_id) and sender_id == f"{self.role_id}:{execution_id}"

    def is_attempt(self, sender_id: str) -> bool:
        """Whether the sender is a session of an attempt, of whichever execution."""
        return bool(self.role_id) and sender_id.startswith(f"{self.role_id}:")
