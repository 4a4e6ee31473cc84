"""Reads an uploaded file and makes its chunks, so that no execution has to.

Lambda calls twice where a call failed, and may do so where it did not: whoever reads holds the file (`Reading`), what
was embedded is kept after every request, and what is there is not made again. A file that was replaced or removed
meanwhile is left, and its chunks with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from stepcrew.domain.files import MOST_TRIES, PICTURES, FileState, FileUnreadable, GroupFile, Reading
from stepcrew.domain.knowledge import Chunk, Piece
from stepcrew.domain.knowledge_requests import MOST_TEXTS, EmbeddingRefused, ReadFile
from stepcrew.services.file_ports import FileStore
from stepcrew.services.knowledge_ports import KnowledgeStore
from stepcrew.services.ports import Clock
from stepcrew_runner.crew.file_texts import checked_kind, parts_of, pieces_of_file
from stepcrew_runner.knowledge.vectors import GroupVectors

STOPPED = (
    "Reading it stopped twice without a word: it takes more memory or more time than there is. "
    "Give it in several files, or upload it again to try it again."
)


class _Gone(Exception):
    """The name stands for other bytes by now, or for none."""


class ReadGroupFile:
    """Reads one file; what becomes of it is in its record."""

    def __init__(self, files: FileStore, knowledge: KnowledgeStore, vectors: GroupVectors, clock: Clock) -> None:
        self._files = files
        self._knowledge = knowledge
        self._vectors = vectors
        self._clock = clock

    def __call__(self, request: ReadFile, reader: str) -> None:
        """`reader` is the invocation, which has the same id when Lambda repeats it. Raises `PlatformUnavailable`, and
        `EmbeddingRefused` where it is worth to be called again."""
        group_id = request.group_id
        file = self._files.file(group_id, request.name)
        if file is None or file.sha256 != request.sha256:
            return
        reading = self._files.begin_reading(group_id, file, reader, self._clock.now())
        if reading is None:
            return
        if reading.tries > MOST_TRIES and file.reason is None:
            self._files.end_reading(group_id, file.ended(FileState.FAILED, reason=STOPPED), reading)
            return
        try:
            ended = file.ended(FileState.READY, chunks=self._chunks(group_id, file))
        except (FileUnreadable, EmbeddingRefused) as error:
            reason = f"{error.message} {error.remedy}".strip()
            if error.retryable and reading.tries <= MOST_TRIES:
                self._files.end_reading(group_id, file.ended(FileState.READING, reason=reason), reading)
                raise
            ended = file.ended(FileState.FAILED, reason=reason)
        except _Gone:
            self._forget(group_id, file.sha256)
            return
        self._end(group_id, ended, reading)

    def _end(self, group_id: str, file: GroupFile, reading: Reading) -> None:
        if not self._files.end_reading(group_id, file, reading):
            self._forget(group_id, file.sha256)

    def _forget(self, group_id: str, sha256: str) -> None:
        """Unless another file has the same bytes."""
        if all(file.sha256 != sha256 for file in self._files.files(group_id)):
            self._knowledge.forget(group_id, sha256)

    def _chunks(self, group_id: str, file: GroupFile) -> int:
        """How many there are; 0 of a picture, and where there is no embedding model to make them with."""
        content = self._files.read(group_id, file)
        if content is None:
            raise _Gone
        if file.media_type in PICTURES:
            checked_kind(file, content)
            return 0
        pieces = pieces_of_file(file.name, parts_of(file, content))
        if not file.embedder:
            return 0
        if not self._knowledge.has(group_id, file.sha256, file.embedder):
            self._make(group_id, file, file.embedder, pieces)
        return len(pieces)

    def _make(self, group_id: str, file: GroupFile, embedder: str, pieces: Sequence[Piece]) -> None:
        self._knowledge.begin(group_id, file.sha256, embedder)
        kept = self._knowledge.chunks(group_id, file.sha256, embedder)
        done = len(kept) if [chunk.piece for chunk in kept] == list(pieces[: len(kept)]) else 0
        for first in range(done, len(pieces), MOST_TEXTS):
            some = pieces[first : first + MOST_TEXTS]
            made = self._vectors.made(embedder, [piece.text for piece in some])
            self._knowledge.put(group_id, file.sha256, embedder, first, list(map(Chunk, some, made)))
            now = self._files.file(group_id, file.name)
            if now is None or now.sha256 != file.sha256:
                raise _Gone
        self._knowledge.finish(group_id, file.sha256, embedder, len(pieces))
