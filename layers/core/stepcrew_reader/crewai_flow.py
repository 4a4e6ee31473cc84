"""CrewAI's declarative flows (`crewai.flow/v1`): one document, with the files of crews that it names put into it."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from stepcrew_reader import crewai_json
from stepcrew_reader.crew_source import CrewSource
from stepcrew_reader.documents import Document
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

FLOW_FILES = ("flow.yaml", "flow.yml", "flow.jsonc", "flow.json")
_STATE = re.compile(r"\bstate\.([A-Za-z_]\w*)")


def is_flow(document: Document) -> bool:
    return str(document.get("schema", "")).startswith("crewai.flow/")


def load(path: AnyPath, document: Document) -> CrewSource:
    """Raises CrewFileError for a crew's file that is not there."""
    config = _with_crews(document, path)
    return CrewSource({"config": config}, str(path), is_verbatim=config == document)


def state_names(document: Document) -> set[str]:
    """The values that the flow begins with, or reads."""
    state: Any = document.get("state") or {}
    schema: Any = state.get("json_schema") or {}
    declared: list[Any] = [state.get("default"), schema.get("properties")]
    named = {name for part in declared if isinstance(part, dict) for name in cast("dict[str, Any]", part)}
    return named | set(_STATE.findall(json.dumps(document.get("methods"), default=str)))


def _with_crews(value: Any, flow: AnyPath) -> Any:
    if isinstance(value, list):
        return [_with_crews(entry, flow) for entry in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    entry = {name: _with_crews(part, flow) for name, part in cast("dict[str, Any]", value).items()}
    declaration = entry.get("from_declaration")
    if entry.get("call") == "crew" and isinstance(declaration, str):
        del entry["from_declaration"]
        entry["with"] = _crew(declaration, flow)
    return entry


def _crew(declaration: str, flow: AnyPath) -> Document:
    folder = flow.parent.resolve()
    named = (folder / declaration).resolve()
    file = crewai_json.find(named, "crew") if named.is_dir() else named
    if not named.is_relative_to(folder) or file is None or not file.is_file():
        raise CrewFileError(
            f"{flow}: there is no crew at {declaration}.",
            remedy="Name a crew.jsonc, or the folder it is in, beside the flow.",
        )
    body = crewai_json.load(file).body
    return {**cast("Document", body["config"]), "inputs": body.get("inputs") or {}}
