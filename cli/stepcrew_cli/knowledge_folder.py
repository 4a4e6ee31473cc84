"""The files below the `knowledge/` folder of a project that its crew names: they become files of the group."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import cast

from stepcrew_cli.client import Client
from stepcrew_cli.file_wire import FileList
from stepcrew_cli.options import Output
from stepcrew_reader.crew_source import CrewSource
from stepcrew_reader.documents import Document
from stepcrew_reader.errors import CrewFileError

FOLDER = "knowledge"


def knowledge_files(source: CrewSource) -> dict[str, Path]:
    """By the name that the group's file gets, which is the file's own: names of files have no folder. The sources of
    the crew are changed to say so. What does not lie there is left as it is: it may be in the group already.

    Raises CrewFileError where two files would have one name."""
    folder = _folder(Path(source.origin))
    found: dict[str, Path] = {}
    for each in _sources(source.body):
        path = (folder / each["file"]).resolve() if folder else None
        if folder is None or path is None or not path.is_relative_to(folder) or not path.is_file():
            continue
        if found.setdefault(path.name, path) != path:
            raise CrewFileError(f"Two files of the crew are called {path.name}: {found[path.name]} and {path}.")
        each["file"] = path.name
    return found


def upload_knowledge(client: Client, output: Output, source: CrewSource, *, dry_run: bool = False) -> list[str]:
    """Uploads those that the group has not, and tells of each; answers their names. A dry run changes nothing."""
    files = knowledge_files(source)
    if not files:
        return []
    missing: list[str] = []
    known = {file.name: file.sha256 for file in client.files.list().read(FileList).files}
    for name, path in files.items():
        content = path.read_bytes()
        if known.get(name) == sha256(content).hexdigest():
            continue
        missing.append(name)
        did = "replaces the group's file" if name in known else "becomes the group's file"
        output.note(f"{FOLDER}/{name} {'will be uploaded when it is run' if dry_run else f'{did} {name}'}.")
        if not dry_run:
            client.files.put(name, content)
    return missing


def _folder(origin: Path) -> Path | None:
    """The `knowledge` folder beside the crew, or further up, as far as its project goes."""
    start = (origin if origin.is_dir() else origin.parent).resolve()
    above = (start, *start.parents)
    project = next((folder for folder in above if (folder / "pyproject.toml").is_file()), start)
    inside = [folder / FOLDER for folder in above if folder.is_relative_to(project)]
    return next((folder for folder in inside if folder.is_dir()), None)


def _sources(body: Document) -> Iterator[dict[str, str]]:
    """The sources that are files, of the crew and of its agents."""
    config = body.get("config")
    crew = cast(Document, config) if isinstance(config, dict) else {}
    agents = crew.get("agents")
    owners: list[object] = [crew, *(cast(Document, agents).values() if isinstance(agents, dict) else [])]
    for owner in owners:
        listed: object = cast(Document, owner).get("knowledge_sources") if isinstance(owner, dict) else None
        for each in cast("list[object]", listed) if isinstance(listed, list) else []:
            if isinstance(each, dict) and isinstance(cast(Document, each).get("file"), str):
                yield cast("dict[str, str]", each)
