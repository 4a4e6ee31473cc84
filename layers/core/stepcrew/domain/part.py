"""What the parts of a definition have in common, and the one that many of them have: a model."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

MAX_TEXT = 50_000
MAX_NAME = 200
PLATFORM_CODE = "it would run code or load objects inside the platform"

Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT)]
OptionalText = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]


class Part(BaseModel):
    """A part of a definition: unknown fields are faults, and types are exact."""

    # Built when first used: only a submission needs it, and the API imports it at every cold start.
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)
    REFUSED: ClassVar[dict[str, str]] = {}


_ENDPOINT = "a foreign endpoint would receive the platform's keys; a model connection has a key of its own"


class ModelSettings(Part):
    """A model by CrewAI's name, with the sampling settings that cannot reach another endpoint or key."""

    REFUSED = {
        "base_url": _ENDPOINT,
        "api_base": _ENDPOINT,
        "api_key": "keys are secrets of the group, never part of a definition",
        "callbacks": PLATFORM_CODE,
        "provider": "write the provider as prefix of the model: provider/model",
    }

    model: Name
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, ge=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1, le=200_000)
    max_completion_tokens: int | None = Field(default=None, ge=1, le=200_000)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    stop: list[str] | None = Field(default=None, max_length=4)
    seed: int | None = None
    timeout: float | None = Field(default=None, gt=0, le=600)
    reasoning_effort: Literal["none", "low", "medium", "high"] | None = None
    fallbacks: list[Name] | None = Field(default=None, min_length=1, max_length=3)
    """Models that are asked in turn, with the same settings, where a provider refuses for good or is out."""

    @property
    def in_turn(self) -> list[ModelSettings]:
        """Each fallback as a model of its own."""
        return [self.model_copy(update={"model": name, "fallbacks": None}) for name in self.fallbacks or ()]


def _settings(value: object) -> object:
    return {"model": value} if isinstance(value, str) else value


Model = Annotated[ModelSettings, BeforeValidator(_settings, json_schema_input_type=str | ModelSettings)]
