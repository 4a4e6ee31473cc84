"""From a bundle to something that can be kicked off."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from crewai import Crew, llm_overlay
from crewai.flow.flow import Flow

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.submission import Submission
from stepcrew_runner.crew.building import BuiltCrew
from stepcrew_runner.crew.flow_seams import remember_on_demand
from stepcrew_runner.crew.output_files import OutputFiles
from stepcrew_runner.crew.seams import adopt_tasks, name_tasks
from stepcrew_runner.crew.tool_calls import keep_files
from stepcrew_runner.crew.written_files import WrittenFiles
from stepcrew_runner.gate import scope
from stepcrew_runner.project.bundle import Bundle
from stepcrew_runner.project.loading import load_entry
from stepcrew_runner.project.scripts import Script, answer_of


class ProjectCode(NamedTuple):
    """The one project that a function serves. `overlay` is the model that takes the place of every model the project
    names; empty leaves them as they are."""

    bundle: Bundle
    overlay: str = ""

    def builder(
        self, submission: Submission, work: Path, pictures: Mapping[str, Any], output: OutputFiles
    ) -> ProjectBuilder:
        return ProjectBuilder(submission, self, work, pictures, output)


class ProjectBuilder:
    """Builds one project's crew or flow for one attempt.

    Args:
        work: the folder its code is copied to: it may write there, and finds its own files beside it.
        pictures: those among its inputs, which CrewAI shows in every task.
        output: keeps what it writes.
    """

    def __init__(
        self, submission: Submission, code: ProjectCode, work: Path, pictures: Mapping[str, Any], output: OutputFiles
    ) -> None:
        if submission.project is None:
            raise ValueError("The submission has no project.")
        self._project = submission.project
        self._definition = submission.definition
        self._inputs: dict[str, Any] = dict(submission.inputs)
        self._code = code
        self._work = work
        self._pictures = dict(pictures)
        self._output = output

    @property
    def definition(self) -> CrewDefinition:
        """The outline; the code may do something else."""
        return self._definition

    def build(self) -> BuiltCrew:
        """Imports the project. Raises `EntryNotUsable`, and whatever its code raises."""
        adopt_tasks()
        remember_on_demand()
        self._code.bundle.use_packages()
        shutil.copytree(self._code.bundle.source, self._work, dirs_exist_ok=True)
        keep_files(scope.current_gate(), WrittenFiles(self._work))
        self._output.begin()
        if self._code.overlay:
            llm_overlay.active.set({"model:*": self._code.overlay})
        if self._project.kind == "script":
            script = Script(self._project.entry, self._work, self._inputs, self._pictures)
            return BuiltCrew(script.run, [], result_name=script.name)
        made = load_entry(self._project.entry, self._work)
        made.stream = False  # nobody reads the pieces: the answer would never be made
        if isinstance(made, Flow):
            return BuiltCrew(self._kickoff(made, "kickoff_async"), [], result_name=type(made).__name__)
        name_tasks(made)
        return BuiltCrew(self._kickoff(made, "akickoff"), [], result_name=self._project.entry.partition(":")[2])

    def _kickoff(self, made: Crew | Flow[Any], method: str) -> Callable[[], Coroutine[Any, Any, Any]]:
        untyped: Any = made

        async def kickoff() -> Any:
            answer = await getattr(untyped, method)(inputs=self._inputs or None, input_files=self._pictures or None)
            return answer_of(untyped, answer)

        return kickoff
