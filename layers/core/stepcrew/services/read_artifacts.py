"""Lists and reads the artifacts of an execution. They are made of its outputs, and go where those go."""

from __future__ import annotations

from stepcrew.domain.artifacts import Artifact, artifacts, content_of
from stepcrew.domain.files import FileMissing
from stepcrew.services.ports import ExecutionStore, TaskOutputStore


class ReadArtifacts:
    """Both methods raise `ExecutionNotFound`; `read` also `FileMissing`."""

    def __init__(self, executions: ExecutionStore, tasks: TaskOutputStore) -> None:
        self._executions = executions
        self._tasks = tasks

    def list(self, group_id: str, execution_id: str) -> list[Artifact]:
        """Large bodies stay in the bucket."""
        submission = self._executions.submission(group_id, execution_id)
        return list(artifacts(submission, self._tasks.task_outputs(group_id, execution_id, whole=False)))

    def read(self, group_id: str, execution_id: str, name: str) -> tuple[Artifact, bytes]:
        found = next((one for one in self.list(group_id, execution_id) if one.name == name), None)
        output = found and self._tasks.task_output(group_id, execution_id, found.output.index)
        if found is None or output is None:
            raise FileMissing(
                f"The execution has no artifact {name}.",
                remedy="They are the output_file of tasks that have finished: GET …/artifacts lists them.",
            )
        return found, content_of(output).encode(errors="replace")
