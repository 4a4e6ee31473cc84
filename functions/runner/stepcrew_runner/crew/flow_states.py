"""Where flows keep their state: `persist` of a declarative one, and `@persist` of a project's, whichever of CrewAI's
own stores the code names.

What was saved belongs to the stored crew: a later execution of it that is given the `id` goes on with that state. What
is read stands in the journal, so that each attempt begins with the same.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from crewai.flow.persistence import FlowPersistence, SQLiteFlowPersistence
from crewai.flow.persistence.factory import set_flow_persistence_factory
from pydantic import Field
from pydantic_core import to_jsonable_python

from stepcrew.domain.flow_state import StateTooLarge
from stepcrew.services.flow_state_ports import FlowKey, FlowStates
from stepcrew_runner.crew.group_stores import asked, ends_attempt
from stepcrew_runner.gate.companions import Companions


class KeptStates:
    """The states of one attempt's flows."""

    def __init__(self, companions: Companions, crew: str, states: FlowStates) -> None:
        self._companions = companions
        self._crew = crew
        self._states = states

    def save(self, flow_id: str, state: Any) -> None:
        """Raises the end of the attempt when it cannot be kept."""
        document = json.dumps(to_jsonable_python(state, fallback=str, inf_nan_mode="strings"), ensure_ascii=False)

        def write(_key: Any) -> None:
            self._states.save(self._key(flow_id), document, self._companions.clock.now())

        try:
            asked(self._companions, "flow_state.save", {"id": flow_id, "state": document}, write)
        except StateTooLarge as error:
            raise ends_attempt(self._companions, error) from error

    def load(self, flow_id: str) -> dict[str, Any] | None:
        found = asked(
            self._companions, "flow_state.load", {"id": flow_id}, lambda _: self._states.load(self._key(flow_id))
        )
        return None if found is None else dict(json.loads(found))

    @contextmanager
    def in_place(self) -> Generator[None]:
        """CrewAI's default store, and its own in a file, are this one while it lasts."""
        store: Any = SQLiteFlowPersistence
        before = store.save_state, store.load_state

        def save(_store: Any, flow_uuid: str, method_name: str, state_data: Any) -> None:  # noqa: ARG001 - as CrewAI's
            self.save(flow_uuid, state_data)

        def load(_store: Any, flow_uuid: str) -> dict[str, Any] | None:
            return self.load(flow_uuid)

        set_flow_persistence_factory(lambda: PlatformPersistence(states=self))
        store.save_state, store.load_state = save, load
        try:
            yield
        finally:
            store.save_state, store.load_state = before
            set_flow_persistence_factory(None)

    def _key(self, flow_id: str) -> FlowKey:
        return FlowKey(self._companions.execution.group_id, self._crew, str(flow_id))


class PlatformPersistence(FlowPersistence):
    """CrewAI's interface to them."""

    persistence_type: str = "PlatformPersistence"
    states: Any = Field(default=None, exclude=True)
    """`KeptStates`; CrewAI makes the object without where it reads one from a text."""

    def init_db(self) -> None:
        pass

    def save_state(self, flow_uuid: str, method_name: str, state_data: Any) -> None:  # noqa: ARG002 - as CrewAI's
        if self.states:
            self.states.save(flow_uuid, state_data)

    def load_state(self, flow_uuid: str) -> dict[str, Any] | None:
        return self.states.load(flow_uuid) if self.states else None
