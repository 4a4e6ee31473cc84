"""Projects that are run as their author runs them: by a function of theirs, or by a file as a script.

The crews and flows they kick off are met at CrewAI's own methods: what the execution's inputs name takes the place of
what the script gives, and the last answer is the script's, unless it returns one itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import io
import runpy
import sys
from collections.abc import Callable, Generator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, cast

from crewai import Crew
from crewai.crews.crew_output import CrewOutput
from crewai.flow.flow import Flow
from pydantic import BaseModel

from stepcrew_runner.crew.seams import wrap
from stepcrew_runner.project.loading import EntryNotUsable, file_of, prepare_imports

MAIN = "__main__"
MOST_PRINTED = 100_000
WRONG_USAGE = 2
"""The code with which Python's parsers of arguments end a process."""
_script: ContextVar[Script | None] = ContextVar("script", default=None)


class Script:
    """One run of a project's own start."""

    def __init__(self, entry: str, root: Path, inputs: Mapping[str, Any], pictures: Mapping[str, Any]) -> None:
        self._module, _, self._name = entry.partition(":")
        self._entry = entry
        self._root = root
        self._inputs = dict(inputs)
        self._pictures = dict(pictures)
        self.answers: list[Any] = []

    @property
    def name(self) -> str:
        """What its answer is called."""
        return self._module.rpartition(".")[2] if self._name == MAIN else self._name

    async def run(self) -> Any:
        """What it answers: its own value, else the answer of the last flow it ran, else what it printed. None where
        crews have answered last: their tasks' outputs are the answer."""
        _install()
        prepare_imports(self._module, self._root, is_script=self._name == MAIN)
        return await asyncio.to_thread(self._run)

    def given(self, inputs: dict[str, Any] | None) -> dict[str, Any] | None:
        """The inputs of a kickoff, with those of the execution in their place."""
        return {**(inputs or {}), **self._inputs} if self._inputs else inputs

    def shown(self, named: dict[str, Any]) -> dict[str, Any]:
        """The named arguments of a kickoff, with the pictures among the execution's inputs."""
        files: dict[str, Any] = {**(named.get("input_files") or {}), **self._pictures}
        return {**named, "input_files": files} if self._pictures else named

    def _run(self) -> Any:
        printed = io.StringIO()
        with _entered(self), contextlib.redirect_stdout(printed):
            answer = self._started()
        if answer is not None:
            return answer
        if self.answers:
            return self.answers[-1]
        return printed.getvalue()[-MOST_PRINTED:].strip()

    def _started(self) -> Any:
        with _arguments(str(file_of(self._module, self._root))):
            try:
                if self._name == MAIN:
                    runpy.run_module(self._module, run_name=MAIN, alter_sys=True)
                    return None
                return self._called(getattr(importlib.import_module(self._module), self._name, None))
            except SystemExit as ended:
                if ended.code not in (None, 0):
                    asked = "; it may have asked for arguments, which an execution has none of"
                    told = asked if ended.code == WRONG_USAGE else ""
                    raise EntryNotUsable(f"{self._entry} ended itself: {ended.code}{told}.") from ended
                return None

    def _called(self, function: Any) -> Any:
        if not callable(function):
            raise EntryNotUsable(f"The module {self._module} has no {self._name} that can be called.")
        given: dict[str, Any] = {}
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name in self._inputs:
                given[parameter.name] = self._inputs[parameter.name]
            elif parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                raise EntryNotUsable(f"{self._entry} needs the input {parameter.name}.")
        answer = function(**given)
        return asyncio.run(cast("Any", answer)) if inspect.iscoroutine(answer) else answer


def answer_of(kicked_off: Crew | Flow[Any], answer: Any) -> Any:
    """What a kickoff answered beyond the outputs of a crew's tasks, which are kept as they come: what hooks made of the
    last of them, or what a flow answered. A flow that answers nothing has what it found out in its state."""
    if isinstance(answer, CrewOutput) and answer.tasks_output and answer.raw == answer.tasks_output[-1].raw:
        return None
    if answer is None and isinstance(kicked_off, Flow):
        state: Any = kicked_off.state
        plain = state.model_dump(mode="json") if isinstance(state, BaseModel) else dict(state or {})
        return {name: value for name, value in plain.items() if name != "id"} or None
    return answer


@contextlib.contextmanager
def _entered(script: Script | None) -> Generator[None]:
    token = _script.set(script)
    try:
        yield
    finally:
        _script.reset(token)


@contextlib.contextmanager
def _arguments(file: str) -> Generator[None]:
    """No arguments on the command line."""
    before = sys.argv
    sys.argv = [file]
    try:
        yield
    finally:
        sys.argv = before


def _install() -> None:
    """Repeating it is harmless."""
    wrap(Crew, "kickoff", _around)
    wrap(Crew, "akickoff", _around_async)
    wrap(next(owner for owner in Flow.__mro__ if "kickoff_async" in owner.__dict__), "kickoff_async", _around_async)


def _script_of(kicked_off: Any) -> Script | None:
    """The script that kicks this off; None for flows of CrewAI's own, which are how its agents work."""
    own = type(kicked_off).__module__.partition(".")[0] == "crewai" and isinstance(kicked_off, Flow)
    return None if own else _script.get()


def _around(kickoff: Callable[..., Any]) -> Callable[..., Any]:
    def kicked(self: Any, inputs: Any = None, *arguments: Any, **named: Any) -> Any:
        script = _script_of(self)
        if script is None:
            return kickoff(self, inputs, *arguments, **named)
        with _entered(None):  # what a flow kicks off is its own affair
            answer = kickoff(self, script.given(inputs), *arguments, **script.shown(named))
        script.answers.append(answer_of(self, answer))
        return answer

    return kicked


def _around_async(kickoff: Callable[..., Any]) -> Callable[..., Any]:
    async def kicked(self: Any, inputs: Any = None, *arguments: Any, **named: Any) -> Any:
        script = _script_of(self)
        if script is None:
            return await kickoff(self, inputs, *arguments, **named)
        with _entered(None):
            answer = await kickoff(self, script.given(inputs), *arguments, **script.shown(named))
        script.answers.append(answer_of(self, answer))
        return answer

    return kicked
