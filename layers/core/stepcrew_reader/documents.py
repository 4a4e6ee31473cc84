"""Reading JSON, JSON with comments, and YAML files into plain objects."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, cast

import json5
import yaml

from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

MAX_BYTES = 4_000_000
MAX_JSON5 = 100_000
"""Characters of a file that is JSON with comments: its parser is slow."""
MAX_VALUES = 100_000
"""Values of one document, those that aliases repeat among them."""
MAX_DEPTH = 60
MAX_BITS = 1_000
"""Of a whole number."""
Document = dict[str, Any]


def read_document(path: AnyPath) -> Document:
    """The file's top-level object, JSON values only. Raises CrewFileError with the place of a syntax fault."""
    text = read_text(path)
    try:
        value = _parse(path, text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CrewFileError(f"{path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise CrewFileError(f"{path} must hold an object (a mapping), not {type(value).__name__}.")
    return cast(Document, _JsonValues(path).read(cast(object, value), MAX_DEPTH))


def _parse(path: AnyPath, text: str) -> object:
    if path.suffix == ".json":
        try:
            return json.loads(text, object_pairs_hook=_once)
        except json.JSONDecodeError:
            # CrewAI reads comments in .json too; the stricter parser is tried first because it is far faster.
            return _json_with_comments(text)
    if path.suffix in {".jsonc", ".json5"}:
        return _json_with_comments(text)
    return yaml.load(text, _StrictLoader)  # noqa: S506 - a subclass of the safe loader


def _json_with_comments(text: str) -> object:
    if len(text) > MAX_JSON5:
        raise ValueError(f"JSON with comments may have {MAX_JSON5:,} characters")
    return json5.loads(text, object_pairs_hook=_once)


def _once(given: Iterable[tuple[str, object]]) -> dict[str, object]:
    pairs = list(given)
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice, and only one of them would count")
    return found


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe loader takes the last of two equal keys without a word, and merges (`<<`) without a bound."""

    merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        self.merged += len(node.value)
        if self.merged > MAX_VALUES:
            raise yaml.constructor.ConstructorError(None, None, "it merges too much", node.start_mark)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    detail = f"the key {key.value!r} is there twice, and only one of them would count"
                    raise yaml.constructor.ConstructorError(None, None, detail, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_text(path: AnyPath) -> str:
    """Raises CrewFileError for a file that is missing, too large or no text."""
    try:
        return io.TextIOWrapper(io.BytesIO(read_bytes(path)), encoding="utf-8-sig").read()
    except UnicodeDecodeError as error:
        raise CrewFileError(f"{path} is not UTF-8 text.", remedy="Save it as UTF-8 in your editor.") from error


def read_bytes(path: AnyPath) -> bytes:
    """Raises CrewFileError for a file that is missing or too large."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CrewFileError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise CrewFileError(f"{path} is larger than {MAX_BYTES:,} bytes.")
    return content


class _JsonValues:
    """YAML knows dates and non-text keys, JSON does not: dates become ISO text, keys must be text."""

    def __init__(self, path: AnyPath) -> None:
        self._path = path
        self._values = 0

    def read(self, value: object, depth: int) -> object:
        """Raises CrewFileError for what JSON has no word for, and for too much of anything."""
        self._values += 1
        if self._values > MAX_VALUES or depth < 0:
            most = f"has more than {MAX_VALUES:,} values" if depth >= 0 else f"is nested deeper than {MAX_DEPTH} levels"
            raise CrewFileError(f"{self._path} {most}.")
        if isinstance(value, dict):
            items = cast(dict[object, object], value)
            return {_text_key(key, self._path): self.read(item, depth - 1) for key, item in items.items()}
        if isinstance(value, list):
            return [self.read(item, depth - 1) for item in cast(list[object], value)]
        if isinstance(value, date | datetime):
            return value.isoformat()
        if is_json(value):
            return value
        told = "" if isinstance(value, int) else f" {ascii(value)[:40]}"
        raise CrewFileError(f"{self._path}: the {type(value).__name__}{told} cannot be sent as JSON.")


def is_json(value: object) -> bool:
    """Whether JSON has a word for the simple value: no infinity, no half character, no endless number."""
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, int):
        return value.bit_length() <= MAX_BITS
    return value is None or (isinstance(value, float) and math.isfinite(value))


def _text_key(key: object, path: AnyPath) -> str:
    if not isinstance(key, str):
        raise CrewFileError(f"{path}: the key {key!r} must be text; put it in quotes.")
    return key


def optional_object(document: Document, key: str, path: AnyPath) -> Document:
    """Takes an object out of the document; absent and null are empty. Raises CrewFileError for anything else."""
    value: object = document.pop(key, None)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CrewFileError(f"{path}: {key} must be an object (a mapping).")
    return cast(Document, value)
