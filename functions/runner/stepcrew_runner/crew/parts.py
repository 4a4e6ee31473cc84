"""What the crew of one attempt is made with, besides its definition."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.services.file_ports import FileStore
from stepcrew.services.knowledge_ports import KnowledgeStore
from stepcrew.services.memory_ports import Memories
from stepcrew_runner.crew.files import CrewFiles
from stepcrew_runner.crew.models import ModelFactory
from stepcrew_runner.gate.companions import Companions


class CrewParts(NamedTuple):
    companions: Companions
    models: ModelFactory
    files: CrewFiles
    file_store: FileStore
    memory: Memories
    knowledge: KnowledgeStore
    default_embedder: str
