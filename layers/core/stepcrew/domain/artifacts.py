"""Artifacts: outputs of crew tasks that the definition gives a file's name (`output_file`), and files that a project
writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stepcrew.domain.execution import TaskOutput, TaskState
from stepcrew.domain.files import KINDS, file_named
from stepcrew.domain.submission import Submission

WRITTEN = "written/"
"""How the ids of payloads begin that are files of a project."""
_UNSAFE = re.compile(r"[^\w .()+@,-]")


class Artifact(NamedTuple):
    """`name` may have folders before it, and leads nowhere else: see `artifact_name`. It is the output of a task, or
    the payload `written` with so many bytes."""

    name: str
    output: TaskOutput | None = None
    written: str = ""
    written_bytes: int = 0

    @property
    def media_type(self) -> str:
        unknown = "text/plain" if self.output else "application/octet-stream"
        return KINDS.get(self.name.rpartition(".")[2].lower(), unknown)

    @property
    def size(self) -> int | None:
        """In bytes; None where it is JSON that stayed in the bucket."""
        if self.output is None:
            return self.written_bytes
        if self.output.json_reference:
            return None
        reference = self.output.raw_reference if self.output.json_dict is None else None
        return reference.bytes if reference else len(content_of(self.output).encode(errors="replace"))


def artifact_name(template: str, inputs: Mapping[str, Any]) -> str:
    """The name with its inputs, harmless wherever it is written: below a folder, without control characters."""
    parts = [_UNSAFE.sub("-", part).strip(" .") for part in file_named(template, inputs).split("/")]
    return "/".join(part[:150] for part in parts if part) or "output"


def artifacts(submission: Submission, outputs: Sequence[TaskOutput]) -> Iterator[Artifact]:
    """Of the tasks that have finished, in their order. As with files, the last one of a name is the one there is."""
    if submission.project:
        return
    tasks = submission.definition.tasks
    named = {
        artifact_name(file, submission.inputs): output
        for output in outputs
        if output.state is TaskState.COMPLETED and (file := tasks[output.index].output_file)
    }
    yield from (Artifact(name, output) for name, output in named.items())


def written_id(attempt: int, name: str) -> str:
    """The id of the payload: of two attempts at once, neither overwrites what the other wrote."""
    return f"{WRITTEN}{attempt:05d}/{name}"


def written_artifacts(sizes: Mapping[str, int]) -> list[Artifact]:
    """The files of a project, by the sizes of their payloads: of each name, what the last attempt wrote."""
    last = {payload_id.split("/", 2)[2]: payload_id for payload_id in sorted(sizes)}
    return [Artifact(name, None, last[name], sizes[last[name]]) for name in sorted(last)]


def content_of(output: TaskOutput) -> str:
    """What CrewAI writes into the file: JSON where the task asked for it, else the text. The output is whole."""
    return output.raw if output.json_dict is None else json.dumps(output.json_dict, ensure_ascii=False, indent=2)
