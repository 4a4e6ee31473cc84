"""Artifacts: outputs of crew tasks that the definition gives a file's name (`output_file`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from stepcrew.domain.execution import TaskOutput, TaskState
from stepcrew.domain.files import KINDS, file_named
from stepcrew.domain.submission import Submission

_UNSAFE = re.compile(r"[^\w .()+@,-]")


class Artifact(NamedTuple):
    """`name` may have folders before it, and leads nowhere else: see `artifact_name`."""

    name: str
    output: TaskOutput

    @property
    def media_type(self) -> str:
        return KINDS.get(self.name.rpartition(".")[2].lower(), "text/plain")

    @property
    def size(self) -> int | None:
        """In bytes; None where it is JSON that stayed in the bucket."""
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


def content_of(output: TaskOutput) -> str:
    """What CrewAI writes into the file: JSON where the task asked for it, else the text. The output is whole."""
    return output.raw if output.json_dict is None else json.dumps(output.json_dict, ensure_ascii=False, indent=2)
