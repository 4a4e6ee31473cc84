"""The parts of a definition that say what agents know."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from stepcrew.domain.part import Name, Part, Text


class KnowledgeSource(Part):
    """A file of the group, or a text."""

    REFUSED: ClassVar[dict[str, str]] = dict.fromkeys(
        ("source_type", "file_path", "file_paths", "content"),
        "write {file: NAME} for a file of the group, or {text: …}",
    )

    file: Name | None = None
    text: Text | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.text is None):
            raise ValueError("write {file: NAME} or {text: …}")
        return self


class KnowledgeSettings(Part):
    """How many chunks an agent is told at most, and how alike they must be to what is asked: 0.5 to 1."""

    results_limit: int = Field(default=5, ge=1, le=20)
    score_threshold: float = Field(default=0.6, ge=0, le=1)
