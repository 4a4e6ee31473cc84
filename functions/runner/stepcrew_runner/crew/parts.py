"""What an attempt reads and writes, and what its crew is made with besides the definition."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.services.file_ports import FileStore
from stepcrew.services.flow_state_ports import FlowStates, NoFlowStates
from stepcrew.services.knowledge_ports import KnowledgeStore
from stepcrew.services.memory_ports import Memories
from stepcrew.services.ports import ApprovalStore, ExecutionStore, JournalStore, PayloadStore, TaskOutputStore
from stepcrew_runner.crew.files import CrewFiles
from stepcrew_runner.crew.models import ModelFactory
from stepcrew_runner.crew.shown_files import ShownFiles
from stepcrew_runner.gate.companions import Companions


class Stores(NamedTuple):
    """The stores that hold what is kept of an execution."""

    executions: ExecutionStore
    tasks: TaskOutputStore
    journal: JournalStore
    approvals: ApprovalStore
    payloads: PayloadStore
    memory: Memories
    files: FileStore
    knowledge: KnowledgeStore
    states: FlowStates = NoFlowStates()


class CrewParts(NamedTuple):
    """`most_memory_days` is how long the operator lets records be kept; 0 is for ever."""

    companions: Companions
    models: ModelFactory
    files: CrewFiles
    shown: ShownFiles
    stores: Stores
    default_embedder: str
    most_memory_days: int
