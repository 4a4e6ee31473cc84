"""Takes in the files of a group, lists and removes them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.files import (
    FILE_NAME,
    KINDS,
    MOST_FILE_BYTES,
    MOST_FILES,
    PDF,
    PICTURES,
    FileMissing,
    FileState,
    GroupFile,
    media_type_of,
)
from stepcrew.domain.knowledge_requests import ReadFile
from stepcrew.domain.models import EMBEDDING_PROVIDERS, parse_embedder_name
from stepcrew.domain.registration import check_room
from stepcrew.services.bundle_ports import Upload
from stepcrew.services.file_ports import FileStore
from stepcrew.services.knowledge_ports import KnowledgeStore, KnowledgeWorker
from stepcrew.services.ports import Clock


class FileReceipt(BaseModel):
    """What was removed: bytes, and chunks that agents knew of it. Journals and traces of executions that read the file
    keep what they showed until they are deleted or expire."""

    name: str
    bytes: int
    chunks: int
    deleted_at: datetime


class NewFile(NamedTuple):
    """What a name is to stand for. `embedder` is the model that its chunks are made with; None means the operator's."""

    name: str
    sha256: str
    size: int
    uploaded_by: str | None = None
    embedder: str | None = None


class FileFound(NamedTuple):
    """A file and where its bytes are. A browser saves them, because they are foreign; a PDF is shown at `view_url`."""

    file: GroupFile
    url: str
    view_url: str | None


class KeepFiles:
    """Takes in, lists and removes the files of groups. Every call may be repeated."""

    def __init__(
        self,
        files: FileStore,
        knowledge: KnowledgeStore,
        worker: KnowledgeWorker,
        clock: Clock,
        default_embedder: str,
    ) -> None:
        self._files = files
        self._knowledge = knowledge
        self._worker = worker
        self._clock = clock
        self._default_embedder = default_embedder

    def put(self, group_id: str, new: NewFile, content: bytes | None = None) -> GroupFile | Upload:
        """Makes the name stand for the bytes of that hash, which are read then; as long as they are not there, tells
        where they go, or puts the `content` there that is at hand. Raises `InvalidRequest`."""
        name, sha256 = new.name, new.sha256
        embedder = self._embedder(new.embedder)
        media_type = media_type_of(name)
        if media_type is None:
            told = f"Files like {name} cannot be read here."
            remedy = f"Names end in one of {', '.join(f'.{one}' for one in KINDS)}."
            raise InvalidRequest.at("", "file_kind", told, remedy)
        known = self._files.file(group_id, name)
        if known and known.sha256 == sha256 and known.embedder == embedder:
            if known.state is not FileState.READY:
                self._read(group_id, known)
            return known
        if known is None:
            check_room(name, {one.name for one in self._files.files(group_id)}, MOST_FILES, "files")
        found = self._files.size(group_id, name, sha256)
        if found is None:
            if content is None:
                return self._files.upload(group_id, name, sha256, new.size)
            self._files.write(group_id, name, sha256, content)
            found = len(content)
        file = GroupFile(
            name=name,
            bytes=found,
            media_type=media_type,
            sha256=sha256,
            uploaded_at=self._clock.now(),
            uploaded_by=new.uploaded_by,
            embedder=embedder,
            state=FileState.READING,
        )
        before = known if known and known.sha256 != sha256 else None
        self._forgetting(group_id, before, lambda: self._files.save(group_id, file))
        self._read(group_id, file)
        return file

    def take(self, group_id: str, name: str, content: bytes, by: str | None) -> None:
        """The same with bytes that are at hand. Raises `InvalidRequest`."""
        if len(content) > MOST_FILE_BYTES or not re.fullmatch(FILE_NAME, name):
            told = f"A file has {MOST_FILE_BYTES:,} bytes at most, and a harmless name; this one is {name[:200]!r}."
            raise InvalidRequest(told)
        self.put(group_id, NewFile(name, hashlib.sha256(content).hexdigest(), len(content), by), content)

    def list(self, group_id: str) -> list[GroupFile]:
        return self._files.files(group_id)

    def get(self, group_id: str, name: str) -> FileFound:
        """Raises `FileMissing`."""
        file = self._files.file(group_id, name)
        if file is None:
            raise FileMissing(f"There is no file {name}.")
        view_url = self._files.url(group_id, file, shown=True) if file.media_type in (PDF, *PICTURES) else None
        return FileFound(file, self._files.url(group_id, file), view_url)

    def delete(self, group_id: str, name: str) -> FileReceipt:
        known = self._files.file(group_id, name)
        gone: list[int] = []
        chunks = self._forgetting(group_id, known, lambda: gone.append(self._files.delete(group_id, name)))
        return FileReceipt(name=name, bytes=sum(gone), chunks=chunks, deleted_at=self._clock.now())

    def _embedder(self, named: str | None) -> str | None:
        parsed = parse_embedder_name(named or self._default_embedder)
        if named and parsed is None:
            told = f"The embedding model {named[:200]!r} is not one of a provider we carry."
            remedy = f"Write it as provider/model; providers are {', '.join(EMBEDDING_PROVIDERS)}."
            raise InvalidRequest.at("/embedder", "unknown_embedder", told, remedy)
        return str(parsed) if parsed else None

    def _read(self, group_id: str, file: GroupFile) -> None:
        self._worker.read_file(ReadFile(group_id=group_id, name=file.name, sha256=file.sha256))

    def _forgetting(self, group_id: str, file: GroupFile | None, change: Callable[[], None]) -> int:
        """What agents knew of the file goes before the change, so that who dies in between can ask again, and after it,
        for an execution that made it again meanwhile. It stays where another file has the same bytes."""
        others = {other.sha256 for other in self._files.files(group_id) if file and other.name != file.name}
        if file is None or file.sha256 in others:
            change()
            return 0
        before = self._knowledge.forget(group_id, file.sha256)
        change()
        return before + self._knowledge.forget(group_id, file.sha256)
