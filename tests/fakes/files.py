"""Files of groups without a table and a bucket, for tests."""

from __future__ import annotations

from datetime import datetime

from stepcrew.domain.files import GroupFile, Reading
from stepcrew.services.bundle_ports import Upload


class FakeFiles:
    """`FileStore`. Nobody uploads: `write` is what an upload does."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], GroupFile] = {}
        self._bytes: dict[tuple[str, str], dict[str, bytes]] = {}
        self._readings: dict[tuple[str, str], Reading] = {}

    def write(self, group_id: str, name: str, sha256: str, content: bytes) -> None:
        self._bytes.setdefault((group_id, name), {})[sha256] = content

    def files(self, group_id: str) -> list[GroupFile]:
        return [file for (group, _), file in sorted(self._files.items()) if group == group_id]

    def file(self, group_id: str, name: str) -> GroupFile | None:
        return self._files.get((group_id, name))

    def save(self, group_id: str, file: GroupFile) -> None:
        self._files[group_id, file.name] = file
        self._readings.pop((group_id, file.name), None)
        uploaded = self._bytes.get((group_id, file.name), {})
        self._bytes[group_id, file.name] = {one: uploaded[one] for one in uploaded if one == file.sha256}

    def begin_reading(self, group_id: str, file: GroupFile, reader: str, now: datetime) -> Reading | None:
        key = (group_id, file.name)
        reading = Reading.next(self._readings.get(key), reader, now)
        if reading is None or not self._stands_for(group_id, file):
            return None
        self._readings[key] = reading
        return reading

    def end_reading(self, group_id: str, file: GroupFile, reading: Reading) -> bool:
        key = (group_id, file.name)
        if self._readings.get(key) != reading or not self._stands_for(group_id, file):
            return False
        self._files[key] = self._files[key].ended(file.state, reason=file.reason, chunks=file.chunks)
        return True

    def _stands_for(self, group_id: str, file: GroupFile) -> bool:
        known = self._files.get((group_id, file.name))
        return known is not None and known.sha256 == file.sha256

    def size(self, group_id: str, name: str, sha256: str) -> int | None:
        found = self._bytes.get((group_id, name), {}).get(sha256)
        return None if found is None else len(found)

    def upload(self, group_id: str, name: str, sha256: str, size: int) -> Upload:
        return Upload(f"https://bucket.example/{group_id}/{name}/{sha256}/{size}", {})

    def read(self, group_id: str, file: GroupFile) -> bytes | None:
        return self._bytes.get((group_id, file.name), {}).get(file.sha256)

    def url(self, group_id: str, file: GroupFile, *, shown: bool = False) -> str:
        del shown
        return f"https://bucket.example/{group_id}/{file.name}/{file.sha256}"

    def delete(self, group_id: str, name: str) -> int:
        self._files.pop((group_id, name), None)
        return sum(map(len, self._bytes.pop((group_id, name), {}).values()))
