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
    """The rows of a CSV object (each a mapping by its first line), else one JSON value a line. Raises
    `InvalidRequest`."""
    if key.lower().endswith(".csv"):
        try:
            return [dict(row) for row in csv.DictReader(io.StringIO(text), strict=True, restkey="_more")]
        except csv.Error as error:
            raise InvalidRequest(f"The object is no CSV: {error}.") from error
    rows: list[Any] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append(read_json(line))
        except NotJson as error:
            raise InvalidRequest(f"Line {number} of the object is no JSON: {error}.") from error
    return rows
