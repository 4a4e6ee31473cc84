"""Every environment variable the functions read, in one place."""

from __future__ import annotations

import json
import os
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from stepcrew.domain.execution import GroupLimits
from stepcrew.domain.limits import (
    DEFAULT_OPEN_EXECUTIONS,
    DEFAULT_RUNNING_EXECUTIONS,
    MOST_OPEN_EXECUTIONS,
    MOST_RUNNING_EXECUTIONS,
    LimitRules,
)
from stepcrew.domain.membership import Role


def _parsed(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


JsonLimits = Annotated[GroupLimits, BeforeValidator(_parsed)]


class Settings(BaseModel):
    """What the template passes to the functions. Names in the environment are the field names in capitals."""

    model_config = ConfigDict(frozen=True)

    table_name: str = ""
    bucket_name: str = ""
    trace_queue_url: str = ""
    state_machine_arn: str = ""
    event_bus_name: str = "default"
    announcement_dead_letter_queue_url: str = ""
    group_claim: str = "group_id"
    groups_claim: str = "groups"
    email_claim: str = "email"
    role_claim: str = "role"
    token_use: Literal["", "id", "access"] = ""
    """The claim `token_use` that tokens must have; empty takes ID tokens and tokens without that claim."""
    default_role: Role = Role.VIEWER
    """The role of a token without a role claim."""
    default_model: str = ""
    allowed_models: str = "*"
    secrets_prefix: str = "/stepcrew"
    retention_days: int = 90
    default_limits: JsonLimits = GroupLimits()
    limit_ceilings: JsonLimits = GroupLimits()
    attempt_role_arn: str = ""
    trace_sender_role_id: str = ""
    trace_redrive_sender_id: str = ""
    max_open_executions: Annotated[int, Field(ge=1, le=MOST_OPEN_EXECUTIONS)] = DEFAULT_OPEN_EXECUTIONS
    """Of one group at the same time, where the group has no number of its own."""
    max_running_executions: Annotated[int, Field(ge=1, le=MOST_RUNNING_EXECUTIONS)] = DEFAULT_RUNNING_EXECUTIONS
    """Of one group at the same time, likewise; the others wait for a slot."""
    slice_seconds: int = 0
    """After which an attempt hands over; 0 leaves it to the function's own time."""
    sweep_lost_seconds: int = 60
    """A PENDING execution that is unchanged for so long is looked at."""
    sweep_silent_seconds: int = 120
    """The same for every other open one."""
    sweep_overdue_seconds: int = 600
    """So long after the deadline even a running state machine is not believed to end its execution."""

    @property
    def limit_rules(self) -> LimitRules:
        """Of groups that have none of their own."""
        return LimitRules(
            self.default_limits, self.limit_ceilings, self.max_open_executions, self.max_running_executions
        )

    @property
    def allowed_model_patterns(self) -> list[str]:
        return [pattern.strip() for pattern in self.allowed_models.split(",") if pattern.strip()]

    def allows_model(self, name: str) -> bool:
        """`name` is `provider/model`; patterns are shell-style."""
        return any(fnmatchcase(name, pattern) for pattern in self.allowed_model_patterns)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once. Raises pydantic's ValidationError for a malformed number or limit."""
    values = {field: os.environ[field.upper()] for field in Settings.model_fields if os.environ.get(field.upper())}
    return Settings.model_validate(values)
