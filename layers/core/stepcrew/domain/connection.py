"""Model connections: an address that speaks the protocol of a provider, with a key. Its name stands in front of its
models (`name/model`). The operator has some for every group; a group has its own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from stepcrew.domain.errors import Fault
from stepcrew.domain.models import PROVIDERS, parse_model_name
from stepcrew.domain.registration import REGISTERING, Registered
from stepcrew.domain.secret_names import SecretName
from stepcrew.domain.web_address import public_address

CONNECTION_NAME = r"^[a-z][a-z0-9-]{0,39}$"


class ConnectionSpec(BaseModel):
    """A connection as it is registered. Unknown fields are faults.

    Attributes:
        provider: whose protocol is spoken there. Ollama, vLLM, OpenRouter, Groq, DeepSeek and most others speak
            OpenAI's.
        base_url: what stands in front of `/chat/completions` or `/v1/messages`.
        secret: name of the secret that holds the key: the group's, of an operator's connection the operator's. None
            where no key is asked for.
        fallbacks: models that are asked in turn in the place of its own, where a crew names none for them.
    """

    model_config = ConfigDict(extra="forbid")

    provider: Literal["openai", "anthropic"] = "openai"
    base_url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    secret: SecretName | None = None
    fallbacks: list[Annotated[str, StringConstraints(min_length=1, max_length=200)]] = Field(default=[], max_length=3)


class ModelConnection(ConnectionSpec):
    """A group's connection; an execution keeps it as it was when it was submitted."""

    name: Annotated[str, StringConstraints(pattern=CONNECTION_NAME)]

    def faults(self, operators: Collection[str], own: Collection[str]) -> list[Fault]:
        """`operators` and `own` are the names of the connections that there are."""
        found: list[Fault] = []
        if self.name in PROVIDERS or self.name in operators:
            detail = f"{self.name} is the name of a provider, or of a connection of the operator's."
            found.append(Fault(pointer="", code="name_taken", detail=detail, remedy="Choose another name."))
        if fault := _address_fault(self.base_url):
            found.append(Fault(pointer="/base_url", code="address", detail=fault))
        for position, model in enumerate(self.fallbacks):
            known = parse_model_name(model) or connection_of(model) in {*operators, *own} - {self.name}
            if not known:
                detail = f"{model!r} is no model of a provider, nor of another connection."
                found.append(Fault(pointer=f"/fallbacks/{position}", code="unknown_model", detail=detail))
        return found


class StoredConnection(ModelConnection, Registered):
    MOST: ClassVar[int] = 50
    PLURAL: ClassVar[str] = "connections"

    def as_submitted(self) -> ModelConnection:
        return ModelConnection.model_validate(self.model_dump(exclude=REGISTERING))


def connection_of(model: str) -> str | None:
    """The name of the connection that `name/model` names, if it names one; `provider/model` names none."""
    prefix, _, rest = model.strip().partition("/")
    return prefix if rest and prefix.lower() not in PROVIDERS else None


def _address_fault(url: str) -> str | None:
    """Why an address may not be reached, as far as its text tells."""
    try:
        parts = public_address(url, "A connection")
    except ValueError as error:
        return str(error)
    if parts.username or parts.password or parts.query or parts.fragment:
        return "The address is scheme, host and path alone; the key is a secret of the group."
    return None
