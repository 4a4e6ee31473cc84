"""The secrets of a group: how they may be named, what they may hold, and where a crew uses them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel

from stepcrew.domain.connection import ConnectionSpec, connection_of
from stepcrew.domain.definition import CrewDefinition, SecretReference
from stepcrew.domain.function_tool import FunctionTool
from stepcrew.domain.parts import models_asked, tool_lists
from stepcrew.domain.places import Path
from stepcrew.domain.project import ProjectVersion
from stepcrew.domain.secret_names import SECRET_NAME
from stepcrew.domain.submission import Submission
from stepcrew.domain.tools import TOOLS, canonical_tool_name

FEWEST_CHARACTERS = 4
"""A shorter value could not be masked without destroying ordinary text."""
MOST_BYTES = 4_096
"""What a standard parameter holds (Parameter Store quotas)."""
MOST_OF_A_GROUP = 100
GIVEN_TO_PROJECTS = "MODEL"
"""The variable that names the operator's default model to a project."""

_RESERVED_PREFIXES = (
    *("AMAZON_", "ANTHROPIC_", "AWS_", "AZURE_", "BEDROCK_", "BOTO_", "CREWAI_", "CURL_", "DYLD_", "GCP_", "GEMINI_"),
    *("GOOGLE_", "HTTPX_", "LAMBDA_", "LANG", "LC_", "LD_", "LITELLM_", "MALLOC_", "MCP_SERVER_", "NODE_", "OPENAI_"),
    *("OPENSSL_", "OTEL_", "POWERTOOLS_", "PYDANTIC_", "PYTHON", "REQUESTS_", "SQS_", "SSL_", "STEPCREW_", "XDG_"),
)
_RESERVED_ENDINGS = ("_BASE_URL", "_API_BASE", "_ENDPOINT", "_ENDPOINT_URL", "_PROXY")
_RESERVED = frozenset(
    {"PATH", "HOME", "TMPDIR", "TEMP", "TMP", "USER", "SHELL", "TZ", "PWD", "HOSTNAME", "IFS", "ENV", "NETRC", "DEBUG"}
    | {"TABLE_NAME", "BUCKET_NAME", "TRACE_QUEUE_URL", "STATE_MACHINE_ARN", "SECRETS_PREFIX"}
    | {"DEFAULT_MODEL", "ALLOWED_MODELS", "RETENTION_DAYS", "DEFAULT_LIMITS", "LIMIT_CEILINGS", "SLICE_SECONDS"}
    | {"GROUP_CLAIM", "GROUPS_CLAIM", "EMAIL_CLAIM", "ROLE_CLAIM", "TOKEN_USE", "DEFAULT_ROLE", "MAX_OPEN_EXECUTIONS"}
    | {"ANONYMIZED_TELEMETRY", "DO_NOT_TRACK"}
)


class StoredSecret(BaseModel):
    """A secret as everybody may see it: never its value. `set_by` is null where it was not set through the API."""

    name: str
    set_at: datetime
    set_by: str | None = None


class SecretUse(NamedTuple):
    """`path` is where the definition asks for it, and `who` needs it; `kept_by` says whose it may be."""

    path: Path
    name: str
    who: str
    kept_by: Literal["group", "operator", "either"] = "group"


def is_reserved(name: str) -> bool:
    """Whether the platform or one of its libraries reads an environment variable of that name."""
    return name in _RESERVED or name.startswith(_RESERVED_PREFIXES) or name.endswith(_RESERVED_ENDINGS)


def name_fault(name: str) -> str | None:
    """Why a secret may not be stored under that name."""
    if not re.fullmatch(SECRET_NAME, name):
        return "A secret's name has capital letters, digits and underscores, and begins with a letter."
    if is_reserved(name) and not name.endswith("_API_KEY"):  # a project brings its own keys of model providers
        return _name_of_setting(name)
    return None


def use_fault(name: str) -> str | None:
    """Why a definition may not use a secret of that name. A project's keys of model providers are for its code only."""
    return name_fault(name) or (_name_of_setting(name) if is_reserved(name) else None)


def _name_of_setting(name: str) -> str:
    return f"{name} is the name of a setting of the platform or of one of its libraries."


def value_fault(value: str) -> str | None:
    """Why a secret may not have that value; the value itself is never told."""
    if len(value.strip()) < FEWEST_CHARACTERS:
        return f"A secret has at least {FEWEST_CHARACTERS} characters."
    if len(value.encode()) > MOST_BYTES:
        return f"A secret has at most {MOST_BYTES} bytes."
    if not all(char.isprintable() or char in "\r\n\t" for char in value):
        return "A secret is text without control characters."
    return None


def secrets_of(submission: Submission) -> set[str]:
    """The names of the secrets that a crew may need: of a project, those it reads from its environment."""
    if submission.project:
        return {name for name in submission.project.environment if re.fullmatch(SECRET_NAME, name)}
    return {use.name for use in secret_uses(submission.definition)}


def secret_uses(crew: CrewDefinition) -> Iterator[SecretUse]:
    """Every place of a crew that needs a secret."""
    for path, names in tool_lists(crew):
        for position, tool in enumerate(names):
            spec = TOOLS.get(canonical_tool_name(tool))
            for secret in spec.secrets if spec else ():
                name = canonical_tool_name(tool)
                yield SecretUse((*path, str(position)), secret, f"The tool {name}", "either")
    for name, agent in crew.agents.items():
        for position, server in enumerate(agent.mcps):
            for header, value in server.headers.items():
                if isinstance(value, SecretReference):
                    path = ("agents", name, "mcps", str(position), "headers", header)
                    yield SecretUse(path, value.secret, f"The header {header}")


def function_uses(crew: CrewDefinition, tools: Iterable[FunctionTool]) -> Iterator[SecretUse]:
    """Every place of a crew that names one of the group's functions which reads a secret."""
    secrets = {tool.name: tool.secrets for tool in tools}
    for path, names in tool_lists(crew):
        for position, tool in enumerate(names):
            for secret in secrets.get(tool, ()):
                yield SecretUse((*path, str(position)), secret, f"The tool {tool}")


def connection_uses(
    crew: CrewDefinition, own: Mapping[str, ConnectionSpec], operators: Mapping[str, ConnectionSpec]
) -> Iterator[SecretUse]:
    """Every place of a crew that leads to a connection which needs a key; `own` are those of the group."""
    known = {**own, **operators}
    for path, settings in models_asked(crew, {name: one.fallbacks for name, one in known.items()}):
        name = connection_of(settings.model)
        if name and name in known and (secret := known[name].secret):
            keeper: Literal["group", "operator"] = "operator" if name in operators else "group"
            yield SecretUse(path, secret, f"The connection {name}", keeper)


def project_needs(project: ProjectVersion) -> dict[str, str]:
    """What of a project's environment only secrets of the group can fill, each with who asks for it."""
    return {name: who for name, who in project.needs.items() if not name_fault(name) and name != GIVEN_TO_PROJECTS}
