"""Limits of groups in a dictionary."""

from __future__ import annotations

from stepcrew.domain.execution import GroupLimits
from stepcrew.domain.limits import LimitRules


class FakeLimits:
    """The same rules for every group that has none of its own."""

    def __init__(self) -> None:
        self.everyone = LimitRules()
        self.groups: dict[str, LimitRules] = {}

    def limit_rules(self, group_id: str) -> LimitRules:
        return self.groups.get(group_id, self.everyone)

    def cap(self, **ceilings: object) -> None:
        self.everyone = LimitRules(self.everyone.defaults, GroupLimits.model_validate(ceilings))
