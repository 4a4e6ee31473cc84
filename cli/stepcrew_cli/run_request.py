"""Laying the command line's options over the crew that was read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from stepcrew_cli.errors import CliError
from stepcrew_reader.documents import Document, read_document
from stepcrew_reader.errors import CrewFileError


@dataclass(frozen=True)
class RunOptions:
    """What was given beside the crew; None and empty mean not given. `limits` holds given limits only."""

    inputs: Sequence[str] = ()
    inputs_file: Path | None = None
    name: str | None = None
    model: str | None = None
    limits: Document | None = None


def request_body(source_body: Document, options: RunOptions) -> Document:
    """The body to send. Inputs: the file's own, then --inputs-file, then --input, later ones winning."""
    body: Document = {**source_body}
    given = read_document(options.inputs_file) if options.inputs_file else {}
    given = {**given, **dict(parse_input(each) for each in options.inputs)}
    own = body.get("inputs")
    if own is not None and not isinstance(own, dict):
        raise CrewFileError("inputs must be an object (a mapping).")
    merged = {**cast(Document, own or {}), **given}
    if merged:
        body["inputs"] = merged
    elif "inputs" in body:
        del body["inputs"]
    if options.name:
        body["name"] = options.name
    if options.model:
        config = body.get("config")
        body["config"] = {**(cast(Document, config) if isinstance(config, dict) else {}), "model": options.model}
    given_limits = {key: value for key, value in (options.limits or {}).items() if value is not None}
    if given_limits:
        body["limits"] = {**cast(Document, body.get("limits") or {}), **given_limits}
    return body


def parse_input(text: str) -> tuple[str, Any]:
    """`topic=AI` is text; `n:=3` and `list:=["a"]` are JSON."""
    key, separator, value = text.partition("=")
    if not separator or not key.strip(":"):
        raise CliError(f"--input {text!r} must look like name=text or name:=JSON.")
    if not key.endswith(":"):
        return key, value
    try:
        return key[:-1], json.loads(value)
    except ValueError as error:
        raise CliError(f"--input {text!r}: the value after := is not JSON ({error}).") from error
