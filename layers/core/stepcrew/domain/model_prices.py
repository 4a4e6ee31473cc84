"""What a group pays for models, where that is not their list price: negotiated prices, and models of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from stepcrew.domain.models import parse_model_name
from stepcrew.domain.money import Usd

MOST_PRICES = 50
_MILLION = 1_000_000


def _model(name: str) -> str:
    found = parse_model_name(name)
    if found is None:
        raise ValueError("should be provider/model, as crews name it")
    return str(found)


ModelKey = Annotated[str, Field(max_length=200), AfterValidator(_model)]
PerMillion = Annotated[Usd, Field(ge=0, le=100_000, decimal_places=9)]


class ModelPrice(BaseModel):
    """US dollars for a million tokens. Tokens that are read from the provider's cache, or written into it, cost as
    much as others where that is not told."""

    model_config = ConfigDict(extra="forbid")

    input_usd: PerMillion
    output_usd: PerMillion
    cached_usd: PerMillion | None = None
    written_usd: PerMillion | None = None

    def usd(self, prompt: int, cached: int, written: int, completion: int) -> Decimal:
        """Of one call. `prompt` includes the cached and the written tokens."""
        read = self.input_usd if self.cached_usd is None else self.cached_usd
        wrote = self.input_usd if self.written_usd is None else self.written_usd
        plain = max(0, prompt - cached - written)
        return (plain * self.input_usd + cached * read + written * wrote + completion * self.output_usd) / _MILLION


class PriceList(BaseModel):
    """A group's own prices, by model (`provider/model`). Unknown fields are faults."""

    model_config = ConfigDict(extra="forbid")

    models: Annotated[dict[ModelKey, ModelPrice], Field(max_length=MOST_PRICES)] = {}
