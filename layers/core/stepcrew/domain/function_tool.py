"""Tools that are Lambda functions of a group: any of its crews names them, and no code of theirs is in the runner."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from stepcrew.domain.errors import Fault
from stepcrew.domain.json_schema import faults_of
from stepcrew.domain.registration import REGISTERING, Registered
from stepcrew.domain.secret_names import SecretName

TOOL_NAME = r"^[a-z][a-z0-9_]{0,63}$"
"""As models call it: CrewAI changes every other name for them."""
FUNCTION_ARN = r"^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?$"
MOST_SECONDS = 300
MOST_SECRETS = 20
SERVES_TAG = "stepcrew-group"
"""The tag by which a function says which group it serves; others cannot call it."""


class FunctionToolSpec(BaseModel):
    """A tool as it is registered. Unknown fields are faults.

    Attributes:
        description: what the model is told of it.
        input_schema: JSON Schema of its arguments, an object.
        function_arn: of the function, perhaps with a version or an alias.
        effects: whether its calls change something: none is repeated without a person's word.
        timeout_seconds: how long a call is waited for; the function has a timeout of its own.
        secrets: names of the group's secrets that the function reads by itself and cannot do without.
    """

    model_config = ConfigDict(extra="forbid")

    description: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    input_schema: dict[str, JsonValue]
    function_arn: Annotated[str, StringConstraints(pattern=FUNCTION_ARN, max_length=300)]
    effects: bool = False
    timeout_seconds: int = Field(60, ge=1, le=MOST_SECONDS)
    secrets: list[SecretName] = Field(default=[], max_length=MOST_SECRETS)

    @property
    def takes_nothing(self) -> bool:
        """Whether its calls have no arguments."""
        return self.input_schema.get("type") == "object" and not self.input_schema.get("properties")

    def faults(self, home: str) -> list[Fault]:
        """`home` is the platform's `region:account`."""
        found = [
            Fault(
                pointer="".join(f"/{part}" for part in ("input_schema", *fault.where)),
                code="json_schema",
                detail=f"input_schema is no schema of arguments: {fault.detail}.",
                remedy="Correct the JSON Schema.",
            )
            for fault in ([] if self.takes_nothing else faults_of(self.input_schema))
        ]
        place = re.sub(r"^arn:[^:]+:lambda:([^:]+:[^:]+):.*$", r"\1", self.function_arn)
        if place != home:
            detail = f"The function is in {place}; the platform is in {home}, and calls functions there only."
            found.append(Fault(pointer="/function_arn", code="elsewhere", detail=detail))
        return found


class FunctionTool(FunctionToolSpec):
    """A tool that a group has registered; an execution keeps it as it was when it was submitted."""

    name: Annotated[str, StringConstraints(pattern=TOOL_NAME)]


class StoredTool(FunctionTool, Registered):
    MOST: ClassVar[int] = 100
    PLURAL: ClassVar[str] = "tools"

    def as_submitted(self) -> FunctionTool:
        return FunctionTool.model_validate(self.model_dump(exclude=REGISTERING))
