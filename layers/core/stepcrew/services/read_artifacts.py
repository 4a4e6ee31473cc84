"""Lists and reads the artifacts of an execution. They are made of its outputs, or files that a project wrote; either go
where the execution goes."""

from __future__ import annotations

from stepcrew.domain.artifacts import WRITTEN, Artifact, artifacts, content_of, written_artifacts
from stepcrew.domain.errors import BodyExpired
from stepcrew.domain.files import FileMissing
from stepcrew.services.file_ports import WrittenFiles
from stepcrew.services.ports import ExecutionStore, TaskOutputStore


class ReadArtifacts:
    """Both methods raise `ExecutionNotFound`; `read` also `FileMissing`, and `BodyExpired`."""

    def __init__(self, executions: ExecutionStore, tasks: TaskOutputStore, written: WrittenFiles) -> None:
        self._executions = executions
        self._tasks = tasks
        self._written = written

    def list(self, group_id: str, execution_id: str) -> list[Artifact]:
        """Large bodies stay in the bucket."""
        submission = self._executions.submission(group_id, execution_id)
        if submission.project:
            return written_artifacts(self._written.sizes(group_id, execution_id, WRITTEN))
        return list(artifacts(submission, self._tasks.task_outputs(group_id, execution_id, whole=False)))

    def read(self, group_id: str, execution_id: str, name: str) -> tuple[Artifact, bytes]:
        found = next((one for one in self.list(group_id, execution_id) if one.name == name), None)
        if found is None:
            raise FileMissing(
                f"The execution has no artifact {name}.",
                remedy="They are files of tasks that have finished: GET …/artifacts lists them.",
            )
        if found.output is None:
            content = self._written.get(group_id, execution_id, found.written)
        else:
            output = self._tasks.task_output(group_id, execution_id, found.output.index)
            content = output and content_of(output).encode(errors="replace")
        if content is None:
            raise BodyExpired(f"The artifact {name}")
        return found, content
