"""The part of a definition that says what is remembered."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import BeforeValidator, Field, JsonValue

from stepcrew.domain.part import MAX_TEXT, Model, Name, Part

MEMORY_BACKEND = "memory is kept by the platform; write memory: true"


def _embedder(value: object) -> object:
    """CrewAI's own shape names provider and model apart; nothing else in it can be set."""
    if not isinstance(value, dict):
        return value
    given = cast("dict[str, Any]", value)
    config = given.get("config")
    inside = cast("dict[str, Any]", config) if isinstance(config, dict) else {}
    models = [inside[name] for name in ("model", "model_name") if name in inside]
    if set(given) - {"provider", "config"} or set(inside) - {"model", "model_name"} or len(models) != 1:
        raise ValueError("write provider/model, or {provider, config: {model}} and nothing else")
    return f"{given.get('provider')}/{models[0]}"


Embedder = Annotated[Name, BeforeValidator(_embedder, json_schema_input_type=str | dict[str, JsonValue])]
Share = Annotated[float, Field(ge=0, le=1)]


class MemorySettings(Part):
    """What is remembered, and how it is recalled. `scope` `crew` is the crew's own memory; `shared` is the whole
    group's. What is not set is as in CrewAI."""

    REFUSED: ClassVar[dict[str, str]] = {"storage": MEMORY_BACKEND, "root_scope": "write scope: crew or scope: shared"}

    scope: Literal["crew", "shared"] = "crew"
    llm: Model | None = None
    embedder: Embedder | None = None
    read_only: bool = False
    keep_days: int | None = Field(default=None, ge=1, le=36_500)
    recency_weight: Share | None = None
    semantic_weight: Share | None = None
    importance_weight: Share | None = None
    recency_half_life_days: int | None = Field(default=None, ge=1, le=36_500)
    consolidation_threshold: Share | None = None
    consolidation_limit: int | None = Field(default=None, ge=1, le=50)
    default_importance: Share | None = None
    confidence_threshold_high: Share | None = None
    confidence_threshold_low: Share | None = None
    complex_query_threshold: Share | None = None
    exploration_budget: int | None = Field(default=None, ge=0, le=5)
    query_analysis_threshold: int | None = Field(default=None, ge=0, le=MAX_TEXT)


def _memory(value: object) -> object:
    if isinstance(value, bool):
        return MemorySettings() if value else None
    return value


Memory = Annotated[MemorySettings | None, BeforeValidator(_memory, json_schema_input_type=bool | MemorySettings | None)]
