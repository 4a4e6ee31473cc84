"""Every environment variable the functions read, in one place."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from stepcrew.domain.connection import CONNECTION_NAME, ConnectionSpec
from stepcrew.domain.execution import GroupLimits
from stepcrew.domain.limits import (
    DEFAULT_OPEN_EXECUTIONS,
    DEFAULT_RUNNING_EXECUTIONS,
    MOST_OPEN_EXECUTIONS,
    MOST_RUNNING_EXECUTIONS,
    LimitRules,
)
from stepcrew.domain.mail import MailRules
from stepcrew.domain.membership import Role
from stepcrew.domain.memory import Backend

Kind = TypeVar("Kind", bound=BaseModel)


ConnectionName = Annotated[str, StringConstraints(pattern=CONNECTION_NAME)]


def _parsed(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def _listed(value: object) -> object:
    return [part for one in value.split(",") if (part := one.strip())] if isinstance(value, str) else value


Listed = Annotated[list[str], BeforeValidator(_listed)]
"""Texts, which the environment has with commas between them."""
JsonBuses = Annotated[dict[str, list[str]], BeforeValidator(_parsed)]
JsonConnections = Annotated[dict[ConnectionName, ConnectionSpec], BeforeValidator(_parsed)]
JsonLimits = Annotated[GroupLimits, BeforeValidator(_parsed)]


class Settings(BaseModel):
    """What the template passes to the functions. Names in the environment are the field names in capitals."""

    model_config = ConfigDict(frozen=True)

    table_name: str = ""
    bucket_name: str = ""
    trace_queue_url: str = ""
    trace_dead_letter_queue_url: str = ""
    trigger_dead_letter_queue_url: str = ""
    state_machine_arn: str = ""
    batch_machine_arn: str = ""
    event_bus_name: str = "default"
    """The stack's own."""
    announcement_dead_letter_queue_url: str = ""
    group_claim: str = "group_id"
    groups_claim: str = "groups"
    email_claim: str = "email"
    operator_group: str = ""
    """Whose admins operate the stack; empty is nobody."""
    role_claim: str = "role"
    token_use: Literal["", "id", "access"] = ""
    """The claim `token_use` that tokens must have; empty takes ID tokens and tokens without that claim."""
    default_role: Role = Role.VIEWER
    """The role of a token without a role claim."""
    default_model: str = ""
    default_embedder: str = ""
    """The embedding model of memories that name none; empty where there is none."""
    allowed_models: Listed = ["*"]
    """Which models crews may name: shell-style patterns of `provider/model`."""
    model_connections: JsonConnections = {}
    """The operator's, by name; their secrets are the operator's."""
    secrets_prefix: str = "/stepcrew"
    retention_days: int = 90
    memory_retention_days: Annotated[int, Field(ge=0)] = 0
    """How long records of memory are kept at most; 0 is for ever."""
    memory_backend: Backend = Backend.TABLE
    """Of new root scopes of memory, where their group has none of its own."""
    vector_bucket_name: str = ""
    """Of Amazon S3 Vectors; empty where there is none."""
    default_limits: JsonLimits = GroupLimits()
    limit_ceilings: JsonLimits = GroupLimits()
    attempt_role_arn: str = ""
    knowledge_role_arn: str = ""
    knowledge_function: str = ""
    """Which reads files and asks embedding models."""
    trace_sender_role_id: str = ""
    trace_redrive_sender_id: str = ""
    max_open_executions: Annotated[int, Field(ge=1, le=MOST_OPEN_EXECUTIONS)] = DEFAULT_OPEN_EXECUTIONS
    """Of one group at the same time, where the group has no number of its own."""
    max_running_executions: Annotated[int, Field(ge=1, le=MOST_RUNNING_EXECUTIONS)] = DEFAULT_RUNNING_EXECUTIONS
    """Of one group at the same time, likewise; the others wait for a slot."""
    stack_name: str = ""
    runner_python: str = "3.13"
    """The version of Python that bundles of projects are built for."""
    runner_platform: str = "aarch64-manylinux_2_28"
    """The machine they are built for, as uv names it; `host` where the platform runs on this machine."""
    project_bundle: str = ""
    """Of the function of a project: the hash of its bundle."""
    project_group: str = ""
    """The group that the project belongs to."""
    project_model: str = ""
    """The model that takes the place of every model the project names; empty leaves them as they are."""
    monitor_queues: bool = False
    """Whether each sweep measures the groups' queues for slots."""
    trace_callbacks: bool = False
    """Whether each execution's log names every event of CrewAI's stream."""
    slice_seconds: int = 0
    """After which an attempt hands over; 0 leaves it to the function's own time."""
    sweep_lost_seconds: int = 60
    """A PENDING execution that is unchanged for so long is looked at."""
    sweep_silent_seconds: int = 120
    """The same for every other open one."""
    sweep_overdue_seconds: int = 600
    """So long after its deadline an execution is ended even if its state machine still runs."""
    inbox_bucket: str = ""
    webhook_queue_url: str = ""
    webhook_dead_letter_queue_url: str = ""
    webhook_inside_urls: Listed = []
    """Receivers of webhooks that may be inside the platform's network."""
    mail_from: str = ""
    """Where mails come from, as Amazon SES has verified it; empty where none are sent."""
    mail_recipients: Listed = ["*"]
    """Who may get mails: patterns of addresses."""
    console_url: str = ""
    """Where people open the console; empty where there is none."""
    api_url: str = ""
    """Where the API is, for the links that decide."""
    export_endpoint: str = ""
    """The operator's collector of traces; empty where there is none."""
    export_queue_url: str = ""
    export_dead_letter_queue_url: str = ""
    trigger_queue_url: str = ""
    trigger_queue_arn: str = ""
    trigger_dead_letters_arn: str = ""
    schedule_group: str = ""
    schedule_role_arn: str = ""
    trigger_buses: JsonBuses = {}
    """Event buses of the account, besides the product's own, and the groups that may hear each; `*` is every group."""

    def group_may_hear(self, group_id: str, bus: str) -> bool:
        return bool({group_id, "*"} & set(self.trigger_buses.get(bus, [])))

    @property
    def home(self) -> str:
        """Where the platform is: `region:account`."""
        return ":".join(self.state_machine_arn.split(":")[3:5])

    @property
    def mail_rules(self) -> MailRules:
        return MailRules(self.mail_from, self.mail_recipients)

    @property
    def limit_rules(self) -> LimitRules:
        """The limits of groups that have none of their own."""
        return LimitRules(
            self.default_limits, self.limit_ceilings, self.max_open_executions, self.max_running_executions
        )


class ProviderSettings(BaseModel):
    """What the operator set for the providers of models, under the names that the providers' own libraries read."""

    model_config = ConfigDict(frozen=True)

    openai_api_key: str = ""
    anthropic_api_key: str = ""
    aws_bearer_token_bedrock: str = ""
    openai_base_url: str = ""
    openai_api_base: str = ""
    anthropic_base_url: str = ""
    embeddings_base_url: str = ""
    """An OpenAI-compatible server for the default embedding model, where it is not the one of the language models."""
    embeddings_api_key: str = ""
    aws_endpoint_url_bedrock_runtime: str = ""
    aws_endpoint_url: str = ""
    aws_region: str = "us-east-1"
    aws_lambda_function_name: str = ""

    @property
    def keys(self) -> dict[str, str]:
        """The API keys that are set, by their names in the environment."""
        keys = {"OPENAI_API_KEY": self.openai_api_key, "ANTHROPIC_API_KEY": self.anthropic_api_key}
        return {name: key for name, key in keys.items() if key}

    @property
    def endpoints(self) -> list[str]:
        """The addresses that the operator set in place of the providers' own."""
        urls = (
            self.openai_base_url,
            self.openai_api_base,
            self.anthropic_base_url,
            self.embeddings_base_url,
            self.aws_endpoint_url_bedrock_runtime,
        )
        return [url for url in urls if url]

    @property
    def calls_bedrock_itself(self) -> bool:
        """Whether calls to Amazon Bedrock go to AWS: in a deployed function, not on the local stack."""
        return bool(self.aws_lambda_function_name) and not self.aws_endpoint_url


class FunctionSettings(BaseModel):
    """What Lambda sets for a function itself, and what the template sets for Powertools."""

    model_config = ConfigDict(frozen=True)

    aws_region: str = "us-east-1"
    aws_lambda_function_memory_size: int = 0
    """In MB; 0 outside of Lambda."""
    powertools_metrics_namespace: str = ""
    powertools_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


@lru_cache(maxsize=1)
def function_settings() -> FunctionSettings:
    """Of this process, read once."""
    return _read(FunctionSettings)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once. Raises pydantic's ValidationError for a malformed number or limit."""
    return _read(Settings)


def provider_settings() -> ProviderSettings:
    """Read from the environment as it is now."""
    return _read(ProviderSettings)


def take(*names: str) -> list[str]:
    """The values of these variables, which are removed from the environment; empty for one that is not set."""
    return [os.environ.pop(name, "") for name in names]


def _read(kind: type[Kind]) -> Kind:
    return kind.model_validate(
        {field: value for field in kind.model_fields if (value := os.environ.get(field.upper()))}
    )
