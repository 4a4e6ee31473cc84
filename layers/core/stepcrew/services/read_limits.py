"""The limits of a group for whoever only looks: where they cannot be read nothing is submitted, but all can be seen."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.limits import LimitRules
from stepcrew.services.ports import LimitStore


class LimitsFound(NamedTuple):
    """`rules`, or in their place the `fault`: why they cannot be read."""

    rules: LimitRules | None
    fault: str = ""


def read_limits(limits: LimitStore, group_id: str) -> LimitsFound:
    try:
        return LimitsFound(limits.limit_rules(group_id))
    except PlatformUnavailable as error:
        return LimitsFound(None, error.message)
