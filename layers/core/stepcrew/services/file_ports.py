"""What the files of a group need of the outside; as in `ports`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from stepcrew.domain.files import GroupFile, Reading
from stepcrew.services.bundle_ports import Upload


class FileStore(Protocol):
    """Files by name. The bytes of a file lie under their SHA-256, so that a record never stands for others."""

    def files(self, group_id: str) -> list[GroupFile]:
        """All of the group, by name."""
        ...

    def file(self, group_id: str, name: str) -> GroupFile | None:
        """Strongly consistent."""
        ...

    def save(self, group_id: str, file: GroupFile) -> None:
        """Its bytes are there already; those that the name stood for before are removed. Nobody reads it yet."""
        ...

    def begin_reading(self, group_id: str, file: GroupFile, reader: str, now: datetime) -> Reading | None:
        """None while another reader is at it (`Reading.next`), and where the name stands for other bytes by now."""
        ...

    def end_reading(self, group_id: str, file: GroupFile, reading: Reading) -> bool:
        """Keeps what the file is said to be (`GroupFile.ended`). False, and nothing kept, where the name stands for
        other bytes by now or somebody else has begun."""
        ...

    def size(self, group_id: str, name: str, sha256: str) -> int | None:
        """Of bytes that were uploaded for this name; None where there are none."""
        ...

    def write(self, group_id: str, name: str, sha256: str, content: bytes) -> None:
        """What an upload does, for bytes that are at hand."""
        ...

    def upload(self, group_id: str, name: str, sha256: str, size: int) -> Upload:
        """Only bytes of that hash and number are taken there."""
        ...

    def read(self, group_id: str, file: GroupFile) -> bytes | None:
        """None when the file was replaced or removed meanwhile."""
        ...

    def url(self, group_id: str, file: GroupFile, *, shown: bool = False) -> str:
        """Where its bytes are, for a few minutes; `shown`: a browser shows them instead of saving them."""
        ...

    def delete(self, group_id: str, name: str) -> int:
        """Removes the record and all bytes, and answers how many bytes went. Asking again removes nothing."""
        ...


class WrittenFiles(Protocol):
    """What projects wrote, among the payloads of their executions."""

    def sizes(self, group_id: str, execution_id: str, prefix: str) -> dict[str, int]:
        """The bytes of each payload whose id begins so."""
        ...

    def get(self, group_id: str, execution_id: str, payload_id: str) -> bytes | None: ...
