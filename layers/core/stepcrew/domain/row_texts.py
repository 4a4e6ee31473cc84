"""Rows in the text of an object: CSV or JSON Lines."""

from __future__ import annotations

import csv
import io
from typing import Any

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.json_text import NotJson, read_json


def text_of(body: bytes, most: int) -> str:
    """Raises `InvalidRequest` for more bytes than `most`, and for what is no UTF-8 text."""
    if len(body) > most:
        raise InvalidRequest(f"The object is larger than {most:,} bytes.")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The object is no UTF-8 text.") from error


def rows_of(key: str, text: str) -> list[Any]:
    """The rows of a CSV object (each a mapping by its first line), else one JSON value a line; empty lines are left
    out. Raises `InvalidRequest`, which names the line."""
    if key.lower().endswith(".csv"):
        return _csv_rows(text)
    rows: list[Any] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append(read_json(line))
        except NotJson as error:
            raise InvalidRequest(f"Line {number} is no JSON: {error}.") from error
    return rows


def _csv_rows(text: str) -> list[dict[str, str]]:
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        columns = next(lines, [])
        _check_columns(columns)
        rows: list[dict[str, str]] = []
        for values in lines:
            if values and len(values) != len(columns):
                told = (
                    f"Line {lines.line_num} has {len(values)} values, and the first line names {len(columns)} columns."
                )
                raise InvalidRequest(told)
            if values:
                rows.append(dict(zip(columns, values, strict=True)))
        return rows
    except csv.Error as error:
        raise InvalidRequest(f"Line {lines.line_num} is no CSV: {error}.") from error


def _check_columns(columns: list[str]) -> None:
    for place, column in enumerate(columns, 1):
        if not column.strip():
            raise InvalidRequest(f"Line 1 names no column in place {place}.")
        if column in columns[: place - 1]:
            raise InvalidRequest(f"Line 1 names the column {column[:100]} twice.")
