"""Why the local stack could not start or had to stop."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot start or go on. `reason` says why in one sentence, `remedy` what the user can do."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(f"{reason} {remedy}".strip())
        self.reason = reason
        self.remedy = remedy
