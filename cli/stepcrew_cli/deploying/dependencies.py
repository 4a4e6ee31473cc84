"""What a project says it depends on, in whatever file it says so."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from packaging.utils import canonicalize_name

from stepcrew_reader.errors import CrewFileError

INLINE = re.compile(r"(?m)^# /// script$\s(?P<content>(?:^#(?:| .*)$\s)+)^# ///$")
"""Metadata in a script: https://packaging.python.org/en/latest/specifications/inline-script-metadata/"""
OPTION = re.compile(r"\s+--(hash|config-settings|global-option)[= ].*$")

PLACE = re.compile(r"(-i|--index-url|--extra-index-url|-f|--find-links)[= ]")
"""Options that say where packages come from. What else pip takes is how it installs them."""
ITSELF = re.compile(r"\./?(\[.*\])?$")


def read_toml(file: Path) -> dict[str, Any]:
    """Empty where there is no such file. Raises `CrewFileError`."""
    if not file.exists():
        return {}
    try:
        return tomllib.loads(read_text(file))
    except tomllib.TOMLDecodeError as error:
        raise CrewFileError(f"{file} cannot be read: {error}") from error


def read_text(file: Path, errors: str = "strict") -> str:
    """Windows' own `pip freeze > requirements.txt` writes UTF-16."""
    content = file.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding, errors)
    except UnicodeDecodeError as error:
        raise CrewFileError(f"{file} cannot be read: {error}") from error


def dependencies(target: Path, described: Mapping[str, Any]) -> list[str]:
    """Requirement lines of a folder or a single file, as pip reads them from the folder: packages, addresses, paths,
    and where packages come from (`--index-url`, `--find-links`) or may be (`-c`). The first of these that says anything
    counts: pyproject.toml, requirements.txt, Pipfile; of a file, what it says itself, else the requirements.txt beside
    it."""
    root = target.parent if target.is_file() else target
    if target.is_file():
        inline = _inline(target)
        return inline if inline is not None else list(_requirements(root / "requirements.txt"))
    project = described.get("project", {})
    if "dependencies" in project:
        uv = described.get("tool", {}).get("uv", {})
        return [
            *(_from_source(str(one), uv.get("sources", {}), root) for one in project["dependencies"]),
            *_indexes(one for one in uv.get("index", []) if one.get("explicit")),
        ]
    poetry = described.get("tool", {}).get("poetry", {})
    if poetry.get("dependencies"):
        return [*_poetry(poetry["dependencies"], root), *_indexes(poetry.get("source", []))]
    pipfile = read_toml(root / "Pipfile")
    listed = list(_requirements(root / "requirements.txt"))
    return listed or [*_poetry(pipfile.get("packages", {}), root), *_indexes(pipfile.get("source", []))]


def _indexes(listed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Those beside the usual one, which Pipenv and Poetry call `pypi`. uv knows by itself which ones its own table adds
    for every package."""
    for one in listed:
        if one.get("url") and str(one.get("name", "")).lower() != "pypi":
            yield f"--extra-index-url {one['url']}"


def _inline(file: Path) -> list[str] | None:
    found = INLINE.search(read_text(file))
    if found is None:
        return None
    lines = found["content"].splitlines()
    try:
        document = tomllib.loads("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines))
    except tomllib.TOMLDecodeError as error:
        raise CrewFileError(f"The script's own dependencies in {file} cannot be read: {error}") from error
    return [str(one) for one in document.get("dependencies", [])]


def _requirements(file: Path, depth: int = 0) -> Iterator[str]:
    """Lines of a requirements file and of those that it includes. The project itself is none of its packages."""
    if not file.exists() or depth > 3:
        return
    for written in read_text(file).replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        line = OPTION.sub("", re.sub(r"(^|\s)#.*$", "", written)).strip()
        line = re.sub(r"^(-e|--editable)[= ]\s*", "", line)
        if included := re.match(r"(?:-r|--requirement)[= ]?\s*(\S+)", line):
            yield from _requirements(file.parent / included[1], depth + 1)
        elif bounds := re.match(r"(?:-c|--constraint)[= ]?\s*(\S+)", line):
            yield f"-c {(file.parent / bounds[1]).resolve()}"
        elif PLACE.match(line) or (line and not line.startswith("-") and not ITSELF.match(line)):
            yield line


def _from_source(line: str, sources: Mapping[str, Any], root: Path) -> str:
    """The requirement with the address that uv's table names for it
    (https://docs.astral.sh/uv/concepts/projects/dependencies/#dependency-sources). Raises CrewFileError for a member of
    a workspace."""
    named = re.match(r"\s*([A-Za-z0-9._-]+)\s*(\[[^\]]*\])?", line)
    if not named:
        return line
    known = {canonicalize_name(name): table for name, table in sources.items()}
    found: Any = known.get(canonicalize_name(named[1])) or {}
    table = cast("Mapping[str, Any]", found[0] if isinstance(found, list) else found)
    if table.get("workspace"):
        raise CrewFileError(
            f"pyproject.toml takes {named[1]} from the workspace around it, which is not deployed.",
            remedy=f'Name its folder under [tool.uv.sources]: {named[1]} = {{path = "../FOLDER"}}.',
        )
    address = _address(table, root)
    _, semicolon, marker = line.partition(";")
    return f"{named[0].strip()} @ {address}{f' ; {marker.strip()}' if semicolon else ''}" if address else line


def _address(table: Mapping[str, Any], root: Path) -> str:
    """Of a package that comes from no index."""
    if "git" in table:
        revision = table.get("rev") or table.get("tag") or table.get("branch")
        inside = f"#subdirectory={table['subdirectory']}" if table.get("subdirectory") else ""
        return f"git+{table['git']}{f'@{revision}' if revision else ''}{inside}"
    if "path" in table:
        return (root / table["path"]).resolve().as_uri()
    return str(table.get("url") or "")


def _poetry(listed: Mapping[str, Any], root: Path) -> Iterator[str]:
    """Poetry's and Pipenv's tables as requirement lines."""
    for name, value in listed.items():
        if name.lower() == "python":
            continue
        table: dict[str, Any] = cast("dict[str, Any]", value) if isinstance(value, dict) else {"version": value}
        if table.get("optional") or (root / table.get("path", "..")).resolve() == root.resolve():
            continue
        extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
        marker = f" ; {table['markers']}" if table.get("markers") else ""
        address = _address(table, root)
        version = f" @ {address}" if address else _specifier(str(table.get("version", "*")))
        yield f"{name}{extras}{version}{marker}"


def _specifier(version: str) -> str:
    """`^1.2.3` and `~1.2` in the words of Python's own standard
    (https://python-poetry.org/docs/dependency-specification/)."""
    return ",".join(one for part in version.split(",") if (one := _bound(part.strip())))


def _bound(version: str) -> str:
    if version in ("", "*"):
        return ""
    if version[0] in "^~" and version[1:2] != "=":
        numbers = [int(part) for part in re.findall(r"\d+", re.split(r"[a-zA-Z+-]", version[1:])[0])]
        if version[0] == "^":
            place = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
        else:
            place = min(1, len(numbers) - 1)
        above = [*numbers[:place], numbers[place] + 1]
        return f">={version[1:].strip()},<{'.'.join(map(str, above))}"
    if version[0].isdigit():
        return f"=={version}"
    return version
