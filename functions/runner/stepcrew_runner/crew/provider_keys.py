"""Under which names providers of models take their keys, and what is said where one is missing. Nothing of CrewAI is
imported here."""

from __future__ import annotations

from stepcrew.domain.errors import Category, StepcrewError

CALL_SECONDS = 120.0
"""How long one model call may take unless the definition says otherwise."""
BEARER = "AWS_BEARER_TOKEN_BEDROCK"
EMBEDDINGS = "EMBEDDINGS_API_KEY"
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


class ModelNotAvailable(StepcrewError):
    """The operator does not offer this model."""

    category = Category.MODEL
    remedy = "Choose an available model, or ask the operator for a key."
