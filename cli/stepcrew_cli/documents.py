"""Reading JSON, JSON with comments, and YAML files into plain objects; writing a file that was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import json5
import yaml

from stepcrew_cli.errors import CliError, CrewFileError

MAX_BYTES = 4_000_000
Document = dict[str, Any]


def read_document(path: Path) -> Document:
    """The file's top-level object, JSON values only. Raises CrewFileError with the place of a syntax fault."""
    text = read_text(path)
    try:
        value = _parse(path, text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CrewFileError(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise CrewFileError(f"{path} must hold an object (a mapping), not {type(value).__name__}.")
    return cast(Document, _json_values(cast(object, value), path))


def _parse(path: Path, text: str) -> object:
    if path.suffix == ".json":
        try:
            return json.loads(text, object_pairs_hook=_once)
        except json.JSONDecodeError:
            # CrewAI reads comments in .json too; the stricter parser is tried first because it is far faster.
            return json5.loads(text, object_pairs_hook=_once)
    if path.suffix in {".jsonc", ".json5"}:
        return json5.loads(text, object_pairs_hook=_once)
    return yaml.load(text, _StrictLoader)  # noqa: S506 - a subclass of the safe loader


def _once(given: Iterable[tuple[str, object]]) -> dict[str, object]:
    pairs = list(given)
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice, and only one of them would count")
    return found


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader takes the last of two equal keys without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    detail = f"the key {key.value!r} is there twice, and only one of them would count"
                    raise yaml.constructor.ConstructorError(None, None, detail, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_text(path: Path) -> str:
    """Raises CrewFileError for a file that is missing, too large or no text."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CrewFileError(f"{path} is larger than {MAX_BYTES:,} bytes.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CrewFileError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CrewFileError(f"{path} is not UTF-8 text.") from error


def write_file(path: Path, content: bytes, *, makes_folders: bool = False) -> None:
    """Raises CliError."""
    try:
        if makes_folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}.") from error


def _json_values(value: object, path: Path) -> object:
    """YAML knows dates and non-text keys, JSON does not: dates become ISO text, keys must be text."""
    if isinstance(value, dict):
        items = cast(dict[object, object], value)
        return {_text_key(key, path): _json_values(item, path) for key, item in items.items()}
    if isinstance(value, list):
        return [_json_values(item, path) for item in cast(list[object], value)]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise CrewFileError(f"{path}: {type(value).__name__} values cannot be sent as JSON.")


def _text_key(key: object, path: Path) -> str:
    if not isinstance(key, str):
        raise CrewFileError(f"{path}: the key {key!r} must be text; put it in quotes.")
    return key


def optional_object(document: Document, key: str, path: Path) -> Document:
    """Takes an object out of the document; absent and null are empty. Raises CrewFileError for anything else."""
    value: object = document.pop(key, None)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CrewFileError(f"{path}: {key} must be an object (a mapping).")
    return cast(Document, value)
