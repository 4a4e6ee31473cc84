"""A bundle: one execution as one file, to be kept, sent and replayed. The format is told in docs/rerun-and-replay.md.

A ZIP archive of JSON documents and JSON lines. The same execution gives the same bytes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Self, cast

from pydantic import BaseModel, ValidationError

from stepcrew.domain.approval import Approval
from stepcrew.domain.canonical import canonical_json
from stepcrew.domain.connection import ConnectionSpec, ModelConnection, connection_of
from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.execution import Execution, TaskOutput
from stepcrew.domain.function_tool import FunctionTool
from stepcrew.domain.journal import JournalEntry
from stepcrew.domain.parts import models_asked
from stepcrew.domain.submission import Submission

FORMAT, VERSION = "stepcrew-bundle", 1
MEDIA_TYPE = "application/zip"
MANIFEST, EXECUTION, CREW = "manifest.json", "execution.json", "crew.json"
OUTPUTS, APPROVALS, TRACE, JOURNAL = "outputs.jsonl", "approvals.jsonl", "trace.jsonl", "journal.jsonl"
BODIES = "bodies/"
MOST_BYTES = 2_000_000_000
"""Of what is in a bundle: a small archive may unpack to anything."""
_DAY = (1980, 1, 1, 0, 0, 0)
_PERSONAL = {"submitted_by"}


class NoBundle(StepcrewError):
    """The file is no bundle, or one that this version cannot read."""

    category = Category.INPUT
    remedy = "Make it again: stepcrew bundle ID."


class BundleWriter:
    """Writes the parts one after another; none of them is held in memory."""

    def __init__(self, file: IO[bytes], default_model: str, default_embedder: str = "") -> None:
        self._defaults = {"default_model": default_model, "default_embedder": default_embedder}
        self._archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)

    def __enter__(self) -> Self:
        self._text(MANIFEST, json.dumps({"format": FORMAT, "version": VERSION, **self._defaults}))
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def execution(self, execution: Execution) -> None:
        self._text(EXECUTION, execution.model_dump_json(exclude=_PERSONAL))

    def crew(self, submission: Submission, operators: Mapping[str, ConnectionSpec]) -> None:
        """As `GET /executions/{id}/definition` answers it: it can be submitted again. Of the operator's connections
        that it may have asked, whose protocol they speak and who takes their place; neither address nor secret."""
        config = submission.flow or json.loads(canonical_json(submission.definition))
        crew = {"config": config, "inputs": submission.inputs}
        own = {one.name: one.fallbacks for one in submission.connections}
        known = {**own, **{name: one.fallbacks for name, one in operators.items()}}
        asked = {connection_of(settings.model) for _, settings in models_asked(submission.definition, known)}
        lent = [stand_in(name, one) for name, one in operators.items() if name in asked]
        for name, parts in (("tools", submission.tools), ("connections", submission.connections), ("operators", lent)):
            if parts:
                crew[name] = [one.model_dump(mode="json") for one in parts]
        self._text(CREW, json.dumps(crew, ensure_ascii=False))

    def lines(self, member: str, models: Iterable[BaseModel]) -> None:
        """`exclude_defaults`: what is proven must read the same in a later version, which has more fields."""
        with self._member(member) as stream:
            for model in models:
                stream.write(model.model_dump_json(exclude_defaults=True).encode() + b"\n")

    def body(self, payload_id: str, body: bytes) -> None:
        with self._member(BODIES + payload_id) as stream:
            stream.write(body)

    def _text(self, member: str, text: str) -> None:
        with self._member(member) as stream:
            stream.write(text.encode())

    @contextmanager
    def _member(self, name: str) -> Generator[IO[bytes]]:
        info = zipfile.ZipInfo(name, _DAY)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._archive.open(info, "w", force_zip64=True) as stream:
            yield stream


class Bundle(NamedTuple):
    """What a replay needs of a bundle. `config` is the crew as it was submitted, not checked; `default_model` that of
    agents which name none, `default_embedder` that of memories which do; empty in a bundle that was made before there
    was memory."""

    default_model: str
    execution: Execution
    config: dict[str, Any]
    inputs: dict[str, Any]
    outputs: list[TaskOutput]
    approvals: list[Approval]
    journal: list[JournalEntry]
    tools: Sequence[FunctionTool] = ()
    connections: Sequence[ModelConnection] = ()
    default_embedder: str = ""
    operators: Sequence[ModelConnection] = ()


def stand_in(name: str, connection: ConnectionSpec | None = None) -> ModelConnection:
    """In place of a connection of the operator's, where its requests are answered from the journal."""
    told = {"provider": connection.provider, "fallbacks": connection.fallbacks} if connection else {}
    return ModelConnection.model_validate({"name": name, "base_url": f"https://{name}.invalid", **told})


def read_bundle(path: Path) -> Bundle:
    """Raises `NoBundle`."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
                raise NoBundle(f"{path} is no bundle of version {VERSION}.")
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise NoBundle(f"{path} unpacks to more than {MOST_BYTES:,} bytes.", remedy="Do not trust it.")
            crew = json.loads(archive.read(CREW))
            return Bundle(
                str(manifest["default_model"]),
                Execution.model_validate_json(archive.read(EXECUTION)),
                cast("dict[str, Any]", crew["config"]),
                cast("dict[str, Any]", crew["inputs"]),
                [TaskOutput.model_validate_json(line) for line in _lines(archive, OUTPUTS)],
                [Approval.model_validate_json(line) for line in _lines(archive, APPROVALS)],
                [JournalEntry.model_validate_json(line) for line in _lines(archive, JOURNAL)],
                [FunctionTool.model_validate(one) for one in crew.get("tools", [])],
                [ModelConnection.model_validate(one) for one in crew.get("connections", [])],
                str(manifest.get("default_embedder", "")),
                [ModelConnection.model_validate(one) for one in crew.get("operators", [])],
            )
    except (OSError, zipfile.BadZipFile, KeyError, AttributeError, ValueError, ValidationError) as error:
        raise NoBundle(f"{path} cannot be read as a bundle: {error}") from error


def _lines(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    with archive.open(member) as stream:
        yield from stream
