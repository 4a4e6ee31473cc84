"""A test harness whose crews are projects: a submission names the folder and the entry."""

from __future__ import annotations

import io
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from scripted_model import ScriptedModel
from stepcrew.domain.execution import Limits
from stepcrew.domain.project import ProjectOutline, ProjectVersion
from stepcrew.domain.submission import Submission
from stepcrew_runner.attempt.run_attempt import Answer, RunAttempt
from stepcrew_runner.isolation import addresses
from stepcrew_runner.project.building import ProjectCode
from stepcrew_runner.project.bundle import unpack
from tests.runner.fakes import new_execution
from tests.runner.harness import GROUP, MODEL, Harness

PROJECTS = Path(__file__).parents[1] / "projects"


def bundle_of(folder: Path) -> bytes:
    """As the command line builds it, without packages."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, f"project/{file.relative_to(folder)}")
    return buffer.getvalue()


class ProjectHarness(Harness):
    """Serves one project, as its function does."""

    def __init__(self, model: ScriptedModel, folder: Path, name: str) -> None:
        super().__init__(model)
        content = bundle_of(PROJECTS / name)
        self._code = ProjectCode(unpack(content, sha256(content).hexdigest(), folder / name))

    def submit(self, config: dict[str, Any], *_: Any, **__: Any) -> str:
        """`config` is the entry with its kind."""
        execution_id = f"project-{len(self.executions.kept()[0])}"
        version = ProjectVersion.model_validate({"bundle": self._code.bundle.digest, "function": "f", **config})
        submission = Submission(project=version, definition=ProjectOutline(name="project"))
        self.executions.add(new_execution(execution_id, 0, self.clock.now(), Limits(), GROUP), submission)
        return execution_id

    def attempt(self, execution_id: str, group_id: str = GROUP) -> Answer:
        runner = RunAttempt(self.ports, MODEL, self.slice_seconds, self._code)
        with addresses.trusted():  # as the handler does
            return runner(group_id, execution_id, lambda: self.remaining())
