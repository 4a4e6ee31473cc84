"""The rows of a batch in a file of this machine: CSV, JSON Lines, or one JSON list."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, cast

from stepcrew_reader.documents import read_text
from stepcrew_reader.errors import CrewFileError

MOST_INLINE_BYTES = 2_000_000
"""A larger file is uploaded to the inbox; the API's body has an end."""
UPLOADED = (".csv", ".jsonl", ".ndjson")


def read_rows(path: Path) -> list[Any]:
    """Raises CrewFileError with the line of a fault."""
    text = read_text(path)
    if path.suffix.lower() == ".csv":
        try:
            return [dict(row) for row in csv.DictReader(text.splitlines(keepends=True), strict=True, restkey="_more")]
        except csv.Error as error:
            raise CrewFileError(f"{path} is no CSV: {error}.") from error
    if path.suffix.lower() == ".json":
        value: object = _parsed(text, str(path))
        if not isinstance(value, list):
            raise CrewFileError(
                f"{path} must hold a list of objects.", remedy="Or write one object a line: JSON Lines."
            )
        return cast("list[Any]", value)
    lines = enumerate(text.splitlines(), start=1)
    return [_parsed(line, f"{path}, line {number},") for number, line in lines if line.strip()]


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CrewFileError(f"{where} is no JSON: {error}") from error
