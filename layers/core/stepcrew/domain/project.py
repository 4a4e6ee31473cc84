"""Projects: crews and flows that bring their own Python. A bundle is one immutable build of a project."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from stepcrew.domain.canonical import digest
from stepcrew.domain.definition import MAX_NAME, MAX_TASKS, AgentDefinition, CrewDefinition, TaskDefinition
from stepcrew.domain.errors import InvalidRequest

BUNDLE = r"^[0-9a-f]{64}$"
ENTRY = r"^\w[\w.-]*:[A-Za-z_]\w*$"
MOST_BUNDLE_BYTES = 250_000_000
"""Unpacked, a bundle lies in the function's temporary folder beside what its crew writes."""
MOST_NAMES = 200
MOST_OF_A_NAME = 64
DIGITS = 6


def group_digest(group_id: str) -> str:
    """What stands for a group where its id may not: in names of functions and sessions. 16 hex digits of SHA-256."""
    return digest(group_id)[:16]


def function_marker(group_id: str) -> str:
    """What the name of every function of a group's projects holds."""
    return f"-project-{group_digest(group_id)}-"


def function_name(name: str, platform: str) -> str:
    """A stored crew's name as it may stand in the name of its function: different for every name, of at most 20
    characters, and fewer where the name of the platform's stack takes the room (64 characters, as those of roles).
    Raises `InvalidRequest` where nothing is left."""
    room = min(MOST_OF_A_NAME - len(f"{platform}{function_marker('')}"), 20)
    if room < DIGITS:
        detail = f"The platform's stack {platform!r} has so long a name that its projects' functions cannot be named."
        raise InvalidRequest.at("", "too_long", detail, "Tell the operator.")
    readable = re.sub(r"[^A-Za-z0-9]+", "-", name)[: max(room - DIGITS - 1, 0)].strip("-")
    return f"{readable}-{digest(name)[:DIGITS]}".lstrip("-")


Label = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]
Labels = Annotated[list[Label], Field(max_length=MOST_NAMES)]


class ProjectVersion(BaseModel):
    """The code of one version of a stored crew.

    Attributes:
        bundle: SHA-256 (hex) of the bundle's bytes.
        entry: what is run, as `module:object`; the object is a crew, a flow, a class or a function that makes one. Of
            a script it is a function that runs the project, or `__main__` for the file itself.
        function: name or ARN, with its version, of the Lambda function that has this bundle.
        environment: names that the project reads from its environment; the group's secrets of these names fill them.
        needs: those of them that it cannot do without, each with who asks for it: a file and line, or a tool.
        inputs: names of the inputs its texts and its code ask for, as far as could be told.
        tools: what its agents and tasks call their tools.
        files: paths in the project's folder, the most telling first.
    """

    model_config = ConfigDict(extra="forbid")

    bundle: Annotated[str, StringConstraints(pattern=BUNDLE)]
    entry: Annotated[str, StringConstraints(pattern=ENTRY, max_length=300)]
    kind: Literal["crew", "flow", "script"]
    function: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    environment: Labels = []
    needs: Annotated[dict[Label, Label], Field(max_length=MOST_NAMES)] = {}
    inputs: Labels = []
    tools: Labels = []
    files: Labels = []


class ProjectOutline(CrewDefinition):
    """What can be told of a project's agents and tasks before it runs. Nothing is built from it: the code is what runs.
    A flow may have none."""

    agents: dict[Label, AgentDefinition] = Field(default_factory=dict[str, AgentDefinition], max_length=MOST_NAMES)
    tasks: list[TaskDefinition] = Field(default_factory=list[TaskDefinition], max_length=MAX_TASKS)
