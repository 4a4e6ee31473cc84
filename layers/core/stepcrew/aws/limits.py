"""The limits an operator set for a group: one item of the table, read with each submission."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.items import values
from stepcrew.aws.records import Records
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import GroupLimits
from stepcrew.domain.limits import MOST_OPEN_EXECUTIONS, MOST_RUNNING_EXECUTIONS, LimitRules


class _Numbers(BaseModel):
    open_executions: Annotated[int, Field(ge=1, le=MOST_OPEN_EXECUTIONS)] | None = None
    running_executions: Annotated[int, Field(ge=1, le=MOST_RUNNING_EXECUTIONS)] | None = None


class TableLimits:
    """`LimitStore` over DynamoDB. `everyone` are the rules of groups that have none of their own."""

    def __init__(self, clients: Clients, table: str, everyone: LimitRules) -> None:
        self._records = Records(clients, table)
        self._everyone = everyone

    def limit_rules(self, group_id: str) -> LimitRules:
        """Raises `PlatformUnavailable` when what the operator wrote cannot be read: a ceiling is never passed over."""
        found = self._records.item(keys.group(group_id), keys.LIMITS)
        if found is None:
            return self._everyone
        own = values(found)
        try:
            numbers = _Numbers.model_validate(own)
            return LimitRules(
                GroupLimits.model_validate(own["defaults"]) if "defaults" in own else self._everyone.defaults,
                GroupLimits.model_validate(own["ceilings"]) if "ceilings" in own else self._everyone.ceilings,
                numbers.open_executions or self._everyone.open_executions,
                numbers.running_executions or self._everyone.running_executions,
            )
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(str(part) for part in fault["loc"])
            raise PlatformUnavailable(
                f"The limits of group {group_id} cannot be read: {place}: {fault['msg']}.",
                remedy="Tell the operator: the item LIMITS of the group is malformed.",
            ) from error
