"""The private names of CrewAI's flows that are touched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from crewai.flow.flow import Flow
from crewai.flow.flow_definition import FlowDefinition
from crewai.memory.unified_memory import Memory
from crewai.memory.utils import sanitize_scope_name

from stepcrew_runner.crew.seams import Seam, wrap

FLOW_SEAMS = (
    Seam(Flow, "_methods", "the methods of a declarative flow would do nothing"),
    Seam(Flow, "_definition", "the trace would not tell which way a flow went"),
)


def remember_on_demand() -> None:
    """A flow of a project has a memory once it asks for one. CrewAI makes one for every flow, with an embedding model,
    whose key most have no use for. Repeating it is harmless."""
    for method in ("remember", "recall", "extract_memories"):
        wrap(next(owner for owner in Flow.__mro__ if method in owner.__dict__), method, _with_memory)


def _with_memory(ask: Callable[..., Any]) -> Callable[..., Any]:
    def asked(self: Any, *arguments: Any, **named: Any) -> Any:
        if self.memory is None:
            self.memory = Memory(root_scope=f"/flow/{sanitize_scope_name(self._definition.name)}")
        return ask(self, *arguments, **named)

    return asked


class PlainFlow(Flow[Any]):
    """A flow without a class of its own: of a definition."""

    _skip_auto_memory: ClassVar[bool] = True
    """It would open a vector store that the image does not have."""

    @classmethod
    def of(cls, definition: FlowDefinition) -> PlainFlow:
        return cls.model_validate(definition.config.model_dump(), context={"flow_definition": definition})

    def flow_definition(self) -> FlowDefinition:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Of CrewAI's flows, their class tells it."""
        return self._definition

    def give_methods(self, methods: Mapping[str, Callable[..., Awaitable[Any]]]) -> None:
        """What its methods do, in place of what its definition says."""
        known: Any = self._methods
        known.update(methods)
