"""From a submitted document to a flow, with every fault in it, each with its JSON pointer. Its crews are checked apart,
as crews are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, cast

from pydantic import ValidationError

from stepcrew.domain.errors import Fault
from stepcrew.domain.expressions import Expression, expressions_in, fault_of
from stepcrew.domain.faults import Faults, remedy_for
from stepcrew.domain.flow import (
    AgentStep,
    CrewStep,
    EachStep,
    ExpressionStep,
    FlowDefinition,
    FlowMethod,
    ToolStep,
    steps_of,
)
from stepcrew.domain.places import Path, escape, in_document
from stepcrew.domain.suggestions import suggest

RUNS_CODE = {
    "code": "It would run Python of the platform's process.",
    "script": "It would run Python that the flow brings.",
}
_STAND_IN = {"call": "expression", "expr": "null"}
_ROOTS = frozenset({"state", "outputs"})


def read_flow(config: dict[str, Any], faults: Faults) -> FlowDefinition | None:
    """The flow as far as it could be read; None where it has no method that could be."""
    return _Reader(config, faults).read()


class _Reader:
    def __init__(self, config: dict[str, Any], faults: Faults) -> None:
        self._config = config
        self._faults = faults

    def read(self) -> FlowDefinition | None:
        given = self._config.get("methods")
        methods = cast("dict[Any, Any]", given) if isinstance(given, dict) else {}
        read = {str(name): self._method(str(name), raw) for name, raw in methods.items()}
        stand_ins: dict[str, Any] = dict.fromkeys(read, _STAND_IN_METHOD)
        whole: dict[str, Any] = {**self._config, **({"methods": stand_ins} if read else {})}
        try:
            flow = FlowDefinition.model_validate(whole)
        except ValidationError as error:
            self._told(error, (), whole)
            return None
        sound = {name: method for name, method in read.items() if method is not None}
        if not sound:
            return None
        flow = flow.model_copy(update={"methods": sound})
        self._ways(flow, list(read))
        self._expressions(flow, list(read))
        return flow

    def _add(self, path: Path, code: str, detail: str, remedy: str = "") -> None:
        pointer = "/".join(["/config", *(escape(step) for step in path)])
        self._faults.add(Fault(pointer=pointer, code=code, detail=detail, remedy=remedy))

    def _method(self, name: str, raw: Any) -> FlowMethod | None:
        path, entry = ("methods", name), self._without_code(raw, ("methods", name))
        try:
            return FlowMethod.model_validate(entry)
        except ValidationError as error:
            self._told(error, path, entry)
            return None

    def _without_code(self, value: Any, path: Path) -> Any:
        """The document with stand-ins for steps that would run code, each of which is a fault."""
        if isinstance(value, list):
            listed = cast("list[Any]", value)
            return [self._without_code(entry, (*path, str(index))) for index, entry in enumerate(listed)]
        if not isinstance(value, dict):
            return value
        entry = cast("dict[str, Any]", value)
        call = entry.get("call")
        if isinstance(call, str) and call in RUNS_CODE:
            remedy = "Write an expression, a tool or a crew, or deploy the flow with its Python: stepcrew deploy PATH."
            self._add((*path, "call"), "refused", RUNS_CODE[call], remedy)
            return dict(_STAND_IN)
        steps = ("do", "action")
        return {name: self._without_code(one, (*path, name)) if name in steps else one for name, one in entry.items()}

    def _told(self, error: ValidationError, path: Path, document: Any) -> None:
        told: set[str] = set()
        for detail in error.errors(include_url=False, include_input=False):
            steps = tuple(str(step) for step in detail["loc"])
            kind = detail["type"]
            where = in_document(steps, cast("dict[str, Any]", document) if isinstance(document, dict) else {})
            if kind in ("missing", "extra_forbidden"):
                name = steps[-1]
                what = f"{name} is missing." if kind == "missing" else f"{name} is not a known field."
                place = where if kind == "missing" else (*where, *(() if where[-1:] == (name,) else (name,)))
                self._add(
                    (*path, *place),
                    "unknown_field" if kind == "extra_forbidden" else kind,
                    what,
                    remedy_for(kind, None),
                )
            elif "/".join(where) not in told:
                message = str(detail["msg"]).removeprefix("Value error, ")
                code = "refused" if "cannot be set" in message else kind
                name = (*path, *where)[-1] if (*path, *where) else "config"
                self._add((*path, *where), code, f"{name}: {message}.", remedy_for(kind, detail.get("ctx")))
            told.add("/".join(where))

    def _ways(self, flow: FlowDefinition, names: Collection[str]) -> None:
        """Who starts, who listens to whom, and what chooses the way."""
        emitted = {outcome for method in flow.methods.values() for outcome in method.outcomes}
        known = {*names, *emitted}
        if not any(method.start for method in flow.methods.values()) and len(flow.methods) == len(names):
            self._add(("methods",), "no_start", "No method starts the flow.", "Write start: true in one of them.")
        for name, method in flow.methods.items():
            path: Path = ("methods", name)
            for field, condition in (("start", method.start), ("listen", method.listen)):
                if condition is None or isinstance(condition, bool):
                    continue
                for event, place in self._events(condition, (*path, field)):
                    if event == name:
                        self._add(place, "circular", f"{name} waits for itself.", "Name another method or outcome.")
                    elif event not in known:
                        detail = f"Nothing is called {event!r}: no method, and no outcome that one emits."
                        self._add(place, "unknown_event", detail, suggest(event, sorted(known)))
            if not method.start and method.listen is None:
                self._add(path, "unreachable", f"{name} neither starts nor listens.", "Write start or listen.")
            self._outcomes(path, method)

    def _events(self, condition: Any, path: Path) -> Iterator[tuple[str, Path]]:
        if isinstance(condition, str):
            yield condition, path
            return
        entry = cast("dict[str, Any]", condition) if isinstance(condition, dict) else {}
        if len(entry) != 1 or not entry.keys() <= {"and", "or"} or not isinstance(next(iter(entry.values())), list):
            told = "A condition is the name of a method or outcome, or {and: [...]}, {or: [...]}."
            self._add(path, "condition", told)
            return
        ((operator, parts),) = entry.items()
        for index, part in enumerate(parts):
            yield from self._events(part, (*path, operator, str(index)))

    def _outcomes(self, path: Path, method: FlowMethod) -> None:
        feedback = method.human_feedback
        if method.emit and not method.router and not (feedback and feedback.emit):
            self._add((*path, "emit"), "emit_without_router", "Only routers emit outcomes.", "Write router: true.")
        if feedback and feedback.default_outcome and feedback.default_outcome not in (feedback.emit or ()):
            place: Path = (*path, "human_feedback", "default_outcome")
            told = "default_outcome is none of the outcomes in emit."
            self._add(place, "default_outcome", told, f"Use one of {', '.join(feedback.emit or ()) or 'emit'}.")

    def _expressions(self, flow: FlowDefinition, names: Collection[str]) -> None:
        for name, method in flow.methods.items():
            if isinstance(method.do, EachStep):
                path: Path = ("methods", name, "do")
                self._expression(method.do.in_, (*path, "in"), _ROOTS, names)
                steps = {*names, *(inner.name for inner in method.do.do)}
                for index, inner in enumerate(method.do.do):
                    if inner.if_ is not None:
                        self._expression(inner.if_, (*path, "do", str(index), "if"), _ROOTS | {"item"}, steps)
        for key, where, step in steps_of(flow):
            inside = "." in key
            each = flow.methods[where[0]].do
            own = {inner.name for inner in each.do} if isinstance(each, EachStep) else set[str]()
            roots = _ROOTS | {"item"} if inside else _ROOTS
            path = ("methods", *where)
            match step:
                case ExpressionStep():
                    self._expression(step.expr, (*path, "expr"), roots, {*names, *own})
                case ToolStep():
                    self._template(step.with_, (*path, "with"), roots, {*names, *own})
                case CrewStep():
                    self._template(step.inputs, (*path, "inputs"), roots, {*names, *own})
                    self._template(step.with_.get("inputs"), (*path, "with", "inputs"), roots, {*names, *own})
                case AgentStep():
                    self._template(step.with_.get("input"), (*path, "with", "input"), roots, {*names, *own})
                    if not step.with_.get("input"):
                        self._add((*path, "with"), "missing", "input is missing.", "Add input.")
                case _:
                    pass

    def _expression(self, text: str, path: Path, roots: Collection[str], outputs: Collection[str]) -> None:
        self._judge(Expression(text), path, roots, outputs)

    def _template(self, value: Any, path: Path, roots: Collection[str], outputs: Collection[str]) -> None:
        if isinstance(value, dict):
            for name, entry in cast("dict[str, Any]", value).items():
                self._template(entry, (*path, name), roots, outputs)
        elif isinstance(value, list):
            for index, entry in enumerate(cast("list[Any]", value)):
                self._template(entry, (*path, str(index)), roots, outputs)
        elif isinstance(value, str):
            for expression in expressions_in(value):
                self._judge(expression, path, roots, outputs)

    def _judge(self, found: Expression, path: Path, roots: Collection[str], outputs: Collection[str]) -> None:
        if fault := found.fault or fault_of(found.text, roots, outputs):
            shown = found.text[:100]
            self._add(path, "expression", f"The expression {shown!r} cannot be evaluated: {fault}.", "Correct it.")


_STAND_IN_METHOD = {"do": _STAND_IN, "start": True}
