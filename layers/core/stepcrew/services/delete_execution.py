"""Removes an execution that has ended, with its trace, outputs and bodies."""

from __future__ import annotations

from collections import Counter

from stepcrew.domain.errors import Conflict
from stepcrew.services.ports import ExecutionStore


def delete_execution(executions: ExecutionStore, group_id: str, execution_id: str) -> Counter[str]:
    """How many of which kind went. Raises `ExecutionNotFound`, and `Conflict` while it is open."""
    if not executions.get(group_id, execution_id).status.is_terminal:
        raise Conflict("The execution is still open.", remedy="Cancel it first, then delete it.")
    return executions.delete(group_id, execution_id)
