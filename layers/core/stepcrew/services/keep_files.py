"""Takes in the files of a group, lists and removes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.files import KINDS, MOST_FILES, FileMissing, GroupFile, media_type_of
from stepcrew.domain.registration import check_room
from stepcrew.services.bundle_ports import Upload
from stepcrew.services.file_ports import FileStore
from stepcrew.services.knowledge_ports import KnowledgeStore
from stepcrew.services.ports import Clock


class FileReceipt(BaseModel):
    """What was removed: bytes, and chunks that agents knew of it. Journals and traces of executions that read the file
    keep what they showed until they are deleted or expire."""

    name: str
    bytes: int
    chunks: int
    deleted_at: datetime


class KeepFiles:
    """Takes in, lists and removes the files of groups. Every call may be repeated."""

    def __init__(self, files: FileStore, knowledge: KnowledgeStore, clock: Clock) -> None:
        self._files = files
        self._knowledge = knowledge
        self._clock = clock

    def put(self, group_id: str, name: str, sha256: str, size: int, uploaded_by: str | None) -> GroupFile | Upload:
        """Makes the name stand for the bytes of that hash; as long as they are not there, tells where they go. Raises
        `InvalidRequest`."""
        media_type = media_type_of(name)
        if media_type is None:
            told = f"Files like {name} cannot be read here."
            remedy = f"Names end in one of {', '.join(f'.{one}' for one in KINDS)}."
            raise InvalidRequest(told, [Fault(pointer="", code="file_kind", detail=told, remedy=remedy)])
        known = self._files.file(group_id, name)
        if known and known.sha256 == sha256:
            return known
        if known is None:
            check_room(name, {one.name for one in self._files.files(group_id)}, MOST_FILES, "files")
        found = self._files.size(group_id, name, sha256)
        if found is None:
            return self._files.upload(group_id, name, sha256, size)
        now = self._clock.now()
        file = GroupFile(
            name=name, bytes=found, media_type=media_type, sha256=sha256, uploaded_at=now, uploaded_by=uploaded_by
        )
        self._forgetting(group_id, known, lambda: self._files.save(group_id, file))
        return file

    def list(self, group_id: str) -> list[GroupFile]:
        return self._files.files(group_id)

    def get(self, group_id: str, name: str) -> tuple[GroupFile, str]:
        """The file and where its bytes are. Raises `FileMissing`."""
        file = self._files.file(group_id, name)
        if file is None:
            raise FileMissing(f"There is no file {name}.")
        return file, self._files.url(group_id, file)

    def delete(self, group_id: str, name: str) -> FileReceipt:
        known = self._files.file(group_id, name)
        gone: list[int] = []
        chunks = self._forgetting(group_id, known, lambda: gone.append(self._files.delete(group_id, name)))
        return FileReceipt(name=name, bytes=sum(gone), chunks=chunks, deleted_at=self._clock.now())

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
