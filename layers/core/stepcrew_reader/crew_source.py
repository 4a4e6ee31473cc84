"""What a crew on disk becomes: the body of a request, where it came from and what could not come along."""

from __future__ import annotations

from dataclasses import dataclass, field

from stepcrew_reader.documents import Document
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

DEPLOY = "stepcrew deploy PATH runs a project with its Python."


@dataclass(frozen=True)
class CrewSource:
    """`body` is {config, inputs?, name?, limits?}; `notes` are told to the user before anything is sent."""

    body: Document
    origin: str
    notes: list[str] = field(default_factory=list[str])
    needs_code: bool = False
    """Whether the crew has Python of its own that could not come along."""
    of_today: list[str] = field(default_factory=list[str])
    """The inputs whose values would be others on another day."""
    is_verbatim: bool = False
    """Whether the file `origin` says all of it, and the definition is as it stands there."""


def dated(name: str, value: object) -> str:
    """What is said of an input that is kept with its value of today."""
    return f"The input {name} is kept as {value}, which is of today: give it with each run."


def local_tool_error(path: AnyPath) -> CrewFileError:
    return CrewFileError(
        f"The crew uses its own tool in {path}: Python of a project runs only when the project is deployed.",
        remedy=f"{DEPLOY} Or use a tool of the platform, or serve the tool over MCP and name its address in the "
        "agent's mcps.",
    )
