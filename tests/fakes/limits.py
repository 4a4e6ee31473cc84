"""Limits of groups in a dictionary."""

from __future__ import annotations

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import GroupLimits
from stepcrew.domain.limits import LimitRules

NONE = LimitRules()


class FakeLimits:
    """`LimitStore`: the same rules for every group, but for what `write` says of one."""

    def __init__(self, everyone: LimitRules = NONE) -> None:
        self.everyone = everyone
        self.faults: dict[str, str] = {}
        """What of a group's limits cannot be read."""
        self._own: dict[str, LimitRules] = {}

    def limit_rules(self, group_id: str) -> LimitRules:
        if group_id in self.faults:
            raise PlatformUnavailable(self.faults[group_id])
        return self._own.get(group_id, self.everyone)

    def write(
        self,
        group_id: str,
        *,
        defaults: GroupLimits | None = None,
        ceilings: GroupLimits | None = None,
        open_executions: int | None = None,
        running_executions: int | None = None,
    ) -> None:
        """What an operator writes for one group; the rest is as for everyone."""
        self._own[group_id] = LimitRules(
            defaults or self.everyone.defaults,
            ceilings or self.everyone.ceilings,
            open_executions or self.everyone.open_executions,
            running_executions or self.everyone.running_executions,
        )

    def cap(self, **ceilings: object) -> None:
        self.everyone = LimitRules(self.everyone.defaults, GroupLimits.model_validate(ceilings))
