"""The crew that a project's texts tell, read as the command line reads its folder."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.places import escape
from stepcrew.domain.yaml_text import read_yaml
from stepcrew_api.body_shapes import ProjectToRead
from stepcrew_api.project_schemas import ProjectAsCrew
from stepcrew_reader.crew_source import CrewSource
from stepcrew_reader.documents import optional_object, read_text
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.layouts import read_crew
from stepcrew_reader.texts import TextPath, folder_of

YAML = (".yaml", ".yml")
OF_A_CREW = {"config", "inputs", "name"}
REWRITTEN = "The crew is put together anew: comments of its files are not kept."


def crew_of(body: ProjectToRead) -> ProjectAsCrew:
    """Raises `InvalidRequest`."""
    folder = folder_of(body.name, body.files)
    try:
        return _answer(read_crew(_wanted(folder, body.files)), folder)
    except CrewFileError as error:
        refused = InvalidRequest(error.message, [_fault(error, body)])
        refused.remedy = error.remedy or refused.remedy
        raise refused from error


def _wanted(folder: TextPath, files: dict[str, str]) -> TextPath:
    """A single file is read as one, whatever it is called."""
    only = list(files)
    return folder / only[0] if len(only) == 1 else folder


def _answer(source: CrewSource, folder: TextPath) -> ProjectAsCrew:
    origin = type(folder)(source.origin)
    config, inputs = (optional_object(dict(source.body), part, origin) for part in ("config", "inputs"))
    whole = (
        source.is_verbatim
        and origin.suffix in YAML
        and not read_yaml(read_text(origin), "").faults  # an alias, say, which no request may have
    )
    dropped = [f"{name} is set where the crew is run, and is not kept." for name in source.body.keys() - OF_A_CREW]
    return ProjectAsCrew(
        name=str(source.body.get("name") or config.get("name") or folder.name),
        config=config,
        inputs=inputs,
        file=str(origin.relative_to(folder)) if whole else None,
        notes=[*source.notes, *sorted(dropped), *([] if whole else [REWRITTEN])],
        needs_code=source.needs_code,
    )


def _fault(error: CrewFileError, body: ProjectToRead) -> Fault:
    """With the file and the line that the message begins with, or names."""
    told = [path for path in body.files if str(PurePosixPath(body.name, path)) in error.message]
    path = min(told, key=lambda path: (error.message.index(path), -len(path)), default="")
    line = re.search(rf"{re.escape(path)}:(\d+)|\bline (\d+)", error.message) if path else None
    return Fault(
        pointer=f"/files/{escape(path)}" if path else "/files",
        code="project",
        detail=error.message,
        remedy=error.remedy,
        line=int(line[1] or line[2]) if line else None,
    )
