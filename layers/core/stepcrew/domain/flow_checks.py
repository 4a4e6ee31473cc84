"""A declarative flow with its crews: each is checked as a crew is, and told at its place in the flow."""

from __future__ import annotations

from typing import Any, NamedTuple

from stepcrew.domain.approval_rules import rule_faults
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import Fault
from stepcrew.domain.faults import Faults
from stepcrew.domain.flow import (
    OF_THE_FLOW,
    CrewStep,
    FlowCrew,
    FlowDefinition,
    ToolStep,
    crews_of,
    outline_of,
)
from stepcrew.domain.flow_reading import read_flow
from stepcrew.domain.models import ModelRules
from stepcrew.domain.own_names import OwnNames
from stepcrew.domain.parsing import ParsedCrew, read_crew
from stepcrew.domain.places import Path, Places, escape
from stepcrew.domain.references import MISSING_INPUT, find_reference_faults
from stepcrew.domain.shown_files import sight_faults


class CrewRules(NamedTuple):
    """What the crews of a flow are checked by, as other crews are."""

    models: ModelRules
    retention_days: int | None
    own: OwnNames


class FlowPlaces(Places):
    """Where the parts of a flow's outline stand in the flow."""

    def __init__(self, crews: dict[str, tuple[FlowCrew, CrewDefinition]]) -> None:
        super().__init__()
        self._crews = crews

    def fault(self, path: Path, code: str, detail: str, remedy: str = "") -> Fault:
        told = super().fault(path, code, detail, remedy)
        if len(path) < 2 or path[0] not in ("agents", "tasks"):
            return told
        crew, inside = self._agent(path[1]) if path[0] == "agents" else self._task(int(path[1]))
        pointer = "/".join(["/config", path[0], *(escape(step) for step in (inside, *path[2:]))])
        return told.model_copy(update={"pointer": crew.place(pointer)})

    def _agent(self, name: str) -> tuple[FlowCrew, str]:
        key = max((key for key in self._crews if name == key or name.startswith(f"{key}.")), key=len)
        return self._crews[key][0], name.removeprefix(f"{key}.")

    def _task(self, index: int) -> tuple[FlowCrew, str]:
        for crew, definition in self._crews.values():
            if isinstance(crew.step, CrewStep):
                if index < len(definition.tasks):
                    return crew, str(index)
                index -= len(definition.tasks)
        raise IndexError(index)


def examine_flow(
    config: dict[str, Any],
    inputs: dict[str, Any],
    faults: Faults,
    rules: CrewRules | None = None,
    *,
    inputs_follow: bool = False,
) -> ParsedCrew | None:
    """The flow, with an outline of its crews; None when it could not be read. Adds what is wrong to `faults`; without
    `rules`, what its crews name is not looked at."""
    flow = read_flow(config, faults)
    if flow is None:
        return None
    crews = {crew.key: (crew, _checked(crew, faults, rules)) for crew in crews_of(flow)}
    parts = [(crew, definition) for crew, definition in crews.values()]
    outline = outline_of(flow, parts, _rules(flow, faults))
    places = FlowPlaces(crews)
    for fault in rule_faults(outline, rules.retention_days if rules else None):
        faults.add(places.fault(fault.path, fault.code, fault.detail, fault.remedy))
    if not inputs_follow:
        faults.add_all(_missing(flow, inputs))
    parsed = ParsedCrew(outline, inputs, places, faults, set(), config)
    if rules:
        faults.add_all(sight_faults(parsed, rules.models.default, of_inputs_only=True))
    return parsed


def _checked(crew: FlowCrew, faults: Faults, rules: CrewRules | None) -> CrewDefinition:
    given = crew.step.given if isinstance(crew.step, CrewStep) else {}
    own_faults = Faults()
    parsed = read_crew(crew.crew, dict(given), own_faults)
    if rules:
        find_reference_faults(parsed, *rules)
    for fault in own_faults:
        if fault.code == "missing_model" and isinstance(crew.step, ToolStep):
            continue  # a tool alone asks no model
        faults.add(fault.model_copy(update={"pointer": crew.place(fault.pointer), "line": None}))
    for name in OF_THE_FLOW if isinstance(crew.step, CrewStep) else ():
        if name in crew.crew:
            told = f"{name} holds for the whole flow, and is no field of one of its crews."
            place = crew.place(f"/config/{name}")
            faults.add(Fault(pointer=place, code="refused", detail=told, remedy="Write it beside methods."))
    return parsed.definition


def _rules(flow: FlowDefinition, faults: Faults) -> CrewDefinition:
    """What the flow says for all of its crews, as a crew says it."""
    fields = flow.model_dump(mode="json", exclude_unset=True, include={"model", *OF_THE_FLOW})
    stand_in = {"role": "-", "goal": "-", "backstory": "-"}
    task = {"name": "-", "description": "-", "expected_output": "-", "agent": "-"}
    return read_crew({**fields, "agents": {"-": stand_in}, "tasks": [task]}, {}, faults).definition


def _missing(flow: FlowDefinition, inputs: dict[str, Any]) -> list[Fault]:
    """The values that the flow needs and that nobody gives."""
    return [
        Fault(
            pointer="/inputs",
            code=MISSING_INPUT,
            detail=f"The flow needs the input {name!r}, which is not given.",
            remedy="Add it to inputs, or give it a default in state.",
        )
        for name in flow.missing(inputs)
    ]
