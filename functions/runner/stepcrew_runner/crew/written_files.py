"""Files that a tool of a project writes belong to its result: an attempt that is given the result finds them."""

from __future__ import annotations

import base64
import logging
import threading
from pathlib import Path
from typing import Any, NamedTuple

logger = logging.getLogger("stepcrew_runner")
MOST_BYTES = 5_000_000
"""What is kept of one call; larger files are written again only by a call that is made again."""
_LEFT_OUT = "__pycache__"


class FileState(NamedTuple):
    """`changed_at` in nanoseconds, `size` in bytes."""

    changed_at: int
    size: int


class WrittenFiles:
    """Tells what has changed in a folder since it was last asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen = self._look()

    def news(self) -> dict[str, Any]:
        """Contents by path, text as text; null for a file that is gone. Calls side by side share theirs: each file is
        kept with the one that ends first."""
        with self._lock:
            now = self._look()
            changed = [path for path, seen in now.items() if self._seen.get(path) != seen]
            gone = [path for path in self._seen if path not in now]
            self._seen = now
            size = sum(now[path].size for path in changed)
            if size > MOST_BYTES:
                told = "A tool wrote %d bytes, of which none are kept: a later attempt will not find these files."
                logger.warning(told, size)
                return {}
            return {path: _content(self._folder / path) for path in changed} | dict.fromkeys(gone)

    def put_back(self, files: dict[str, Any]) -> None:
        with self._lock:
            for path, content in files.items():
                file = self._folder / path
                if content is None:
                    file.unlink(missing_ok=True)
                    continue
                file.parent.mkdir(parents=True, exist_ok=True)
                is_text = isinstance(content, str)
                file.write_bytes(content.encode() if is_text else base64.b64decode(content["base64"]))
            self._seen = self._look()

    def _look(self) -> dict[str, FileState]:
        found = states_below(self._folder).items()
        return {
            file.relative_to(self._folder).as_posix(): state for file, state in found if _LEFT_OUT not in file.parts
        }


def states_below(folder: Path) -> dict[Path, FileState]:
    """Of every file in it, but links."""
    return {file: state_of(file) for file in folder.rglob("*") if file.is_file() and not file.is_symlink()}


def state_of(file: Path) -> FileState:
    told = file.stat()
    return FileState(told.st_mtime_ns, told.st_size)


def _content(file: Path) -> str | dict[str, str]:
    content = file.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
