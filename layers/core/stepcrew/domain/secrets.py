"""The secrets of a group: how they may be named, what they may hold, and where a crew uses them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel

from stepcrew.domain.connection import ModelConnection, connection_of
from stepcrew.domain.definition import CrewDefinition, SecretReference
from stepcrew.domain.parts import models_asked, tool_lists
from stepcrew.domain.places import Path
from stepcrew.domain.submission import Submission
from stepcrew.domain.tools import TOOLS, canonical_tool_name

SECRET_NAME = r"^[A-Z][A-Z0-9_]{0,99}$"  # noqa: S105 - a pattern
FEWEST_CHARACTERS = 4
"""A shorter value could not be masked without destroying ordinary text."""
MOST_BYTES = 4_096
"""What a standard parameter holds (Parameter Store quotas)."""
MOST_OF_A_GROUP = 100

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
    """`path` is where the definition asks for it, and `who` needs it; `of_tool` names the tool whose key it is."""

    path: Path
    name: str
    who: str
    of_tool: str | None = None


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
                yield SecretUse((*path, str(position)), secret, f"The tool {name}", name)
    for name, agent in crew.agents.items():
        for position, server in enumerate(agent.mcps):
            for header, value in server.headers.items():
                if isinstance(value, SecretReference):
                    path = ("agents", name, "mcps", str(position), "headers", header)
                    yield SecretUse(path, value.secret, f"The header {header}")


def connection_uses(crew: CrewDefinition, connections: Iterable[ModelConnection]) -> Iterator[SecretUse]:
    """Every place of a crew that leads to one of these connections which needs a key."""
    known = list(connections)
    secrets = {one.name: one.secret for one in known if one.secret}
    for path, settings in models_asked(crew, {one.name: one.fallbacks for one in known}):
        name = connection_of(settings.model)
        if name and (secret := secrets.get(name)):
            yield SecretUse(path, secret, f"The connection {name}")
