"""What an attempt ends with when it cannot run its crew, or cannot go on with it."""

from __future__ import annotations

from stepcrew.domain.errors import Category, ExecutionError

TOO_LONG = ExecutionError(
    category=Category.TIMEOUT,
    type="TaskTooLong",
    message="One model call or tool call needs more time than a whole invocation of the runner has.",
    remedy="Split the crew task into smaller ones, or give its model a timeout.",
)
CHANGED = ExecutionError(
    category=Category.PLATFORM,
    type="DefinitionChanged",
    message="The stored crew definition is not the one that was submitted; what is finished may not fit it.",
    remedy="Submit the crew again.",
)
OLDER = ExecutionError(
    category=Category.PLATFORM,
    type="BegunByOlderVersion",
    message="An older version of the platform began this execution, in a way this version cannot go on from.",
    remedy="Its finished tasks' outputs stay readable. Submit the crew again.",
)
NOT_THIS_CODE = ExecutionError(
    category=Category.PLATFORM,
    type="WrongRunner",
    message="The runner that was started does not have the code of this execution.",
    remedy="Deploy the project again, then submit it again.",
)
