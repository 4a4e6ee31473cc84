"""A folder of texts in memory: whatever is read in it, no disk is touched."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import ClassVar, Self, TypeAlias


class TextPath(PurePosixPath):
    """A path among the texts, with what the reader asks of a `Path`. Made by `folder_of`."""

    texts: ClassVar[Mapping[str, str]]
    folders: ClassVar[frozenset[str]]

    def resolve(self) -> Self:
        return type(self)(posixpath.normpath(str(self)))

    def is_file(self) -> bool:
        return str(self.resolve()) in self.texts

    def is_dir(self) -> bool:
        return str(self.resolve()) in self.folders

    def is_symlink(self) -> bool:
        return False

    def exists(self) -> bool:
        return self.is_file() or self.is_dir()

    def iterdir(self) -> Iterator[Self]:
        """Of a resolved path."""
        return (path for path in map(type(self), (*self.texts, *self.folders)) if path.parent == self != path)

    def glob(self, pattern: str) -> Iterator[Self]:
        """Folders, by a pattern without `**`."""
        inside = [(path, path.relative_to(self)) for path in map(type(self), self.folders) if self in path.parents]
        length = len(PurePosixPath(pattern).parts)
        return (path for path, below in inside if len(below.parts) == length and below.match(pattern))

    def read_bytes(self) -> bytes:
        """Raises FileNotFoundError."""
        if not self.is_file():
            raise FileNotFoundError(2, "there is no such file among the texts")
        return self.texts[str(self.resolve())].encode(errors="replace")

    def open(self, mode: str = "rb") -> BytesIO:
        """For reading bytes."""
        del mode
        return BytesIO(self.read_bytes())


AnyPath: TypeAlias = Path | TextPath


def folder_of(name: str, texts: Mapping[str, str]) -> TextPath:
    """The folder `name` with these texts by their paths in it."""
    inside = {str(PurePosixPath(name, path)): text for path, text in texts.items()}
    folders = frozenset(str(parent) for path in inside for parent in PurePosixPath(path).parents)
    # The paths that a path makes are of its own class, so the texts belong to a class of their own.
    return type("TextPath", (TextPath,), {"texts": inside, "folders": folders})(name)
