"""The memories of one crew: CrewAI's own objects over the group's records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.memory import crew_root, root_of
from stepcrew.domain.parts import MemoryUse, memory_uses
from stepcrew.services.memory_ports import Memories
from stepcrew_runner.crew.embedding import Embedder
from stepcrew_runner.crew.embedding_models import EmbeddingKeys, asks
from stepcrew_runner.crew.memory_seams import PlatformMemory, keep_memory_in
from stepcrew_runner.crew.memory_storage import GroupStorage
from stepcrew_runner.crew.parts import CrewParts
from stepcrew_runner.gate.companions import Companions

_CARRIED = (
    *("read_only", "recency_weight", "semantic_weight", "importance_weight", "recency_half_life_days"),
    *("consolidation_threshold", "consolidation_limit", "default_importance", "confidence_threshold_high"),
    *("confidence_threshold_low", "complex_query_threshold", "exploration_budget", "query_analysis_threshold"),
)


OF_PROJECT = "the project's own"
"""In place of the name of an embedding model that only the code of a project knows."""


def serve_project_memory(crew: CrewDefinition, companions: Companions, store: Memories, most_days: int) -> None:
    """Memories that a project's own code makes in this attempt are kept in the root scope of its crew. Which model
    their vectors come from is the code's affair; of another dimension they are refused. Records are kept for
    `most_days`; 0 is for ever."""
    execution = companions.execution
    root = crew_root(execution.crew.name if execution.crew else crew.name)
    keep_memory_in(companions.gate, GroupStorage(root, OF_PROJECT, companions, store, most_days))


def make_memories(crew: CrewDefinition, parts: CrewParts) -> Mapping[str | None, PlatformMemory]:
    """Those that the definition asks for: under null the crew's, under their names those of agents. Raises
    `ModelNotAvailable`."""
    return dict(_made(crew, parts))


def _made(crew: CrewDefinition, parts: CrewParts) -> Iterator[tuple[str | None, PlatformMemory]]:
    execution = parts.companions.execution
    keys = EmbeddingKeys(parts.models.keys, parts.models.aws_keys)
    for use in memory_uses(crew, execution.crew and execution.crew.name):
        name, ask = asks(use.embedder, parts.default_embedder, keys)
        days = (use.settings.keep_days, parts.most_memory_days)
        memory = PlatformMemory(
            llm=parts.models.make(use.settings.llm or crew.model),
            storage=GroupStorage(root_of(use.scope), name, parts.companions, parts.stores.memory, *days),
            embedder=Embedder(name, parts.companions, parts.stores.memory, ask),
            root_scope=use.scope,
            is_of_one_agent=use.agent is not None,
            **_settings(use),
        )
        yield use.agent, memory


def _settings(use: MemoryUse) -> dict[str, Any]:
    return {field: value for field in _CARRIED if (value := getattr(use.settings, field)) is not None}
