"""What a project says it depends on, in whatever file it says so."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from stepcrew_reader.errors import CrewFileError

INLINE = re.compile(r"(?m)^# /// script$\s(?P<content>(?:^#(?:| .*)$\s)+)^# ///$")
"""Metadata in a script: https://packaging.python.org/en/latest/specifications/inline-script-metadata/"""
OPTION = re.compile(r"\s+--(hash|config-settings|global-option)[= ].*$")


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
    """Requirement lines of a folder or a single file. The first of these that says anything counts: pyproject.toml,
    requirements.txt, Pipfile; of a file, what it says itself, else the requirements.txt beside it."""
    root = target.parent if target.is_file() else target
    if target.is_file():
        inline = _inline(target)
        return inline if inline is not None else list(_requirements(root / "requirements.txt"))
    project = described.get("project", {})
    if "dependencies" in project:
        return [str(one) for one in project["dependencies"]]
    poetry = described.get("tool", {}).get("poetry", {}).get("dependencies", {})
    if poetry:
        return list(_poetry(poetry))
    listed = list(_requirements(root / "requirements.txt"))
    return listed or list(_poetry(read_toml(root / "Pipfile").get("packages", {})))


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
    """Lines of a requirements file and of those that it includes; options of pip are no packages."""
    if not file.exists() or depth > 3:
        return
    for written in read_text(file).replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        line = OPTION.sub("", re.sub(r"(^|\s)#.*$", "", written)).strip()
        included = re.match(r"(?:-r|--requirement)[= ]\s*(\S+)", line)
        if included:
            yield from _requirements(file.parent / included[1], depth + 1)
        elif line and not line.startswith(("-", ".")):
            yield line


def _poetry(listed: Mapping[str, Any]) -> Iterator[str]:
    """Poetry's and Pipenv's tables as requirement lines."""
    for name, value in listed.items():
        if name.lower() == "python":
            continue
        table: dict[str, Any] = cast("dict[str, Any]", value) if isinstance(value, dict) else {"version": value}
        if table.get("optional"):
            continue
        extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
        if "git" in table:
            revision = table.get("rev") or table.get("tag") or table.get("branch")
            yield f"{name}{extras} @ git+{table['git']}{f'@{revision}' if revision else ''}"
        elif "url" in table:
            yield f"{name}{extras} @ {table['url']}"
        elif "path" not in table:
            marker = f" ; {table['markers']}" if table.get("markers") else ""
            yield f"{name}{extras}{_specifier(str(table.get('version', '*')))}{marker}"


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
