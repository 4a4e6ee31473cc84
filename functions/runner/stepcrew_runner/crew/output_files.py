"""Files that a project writes are artifacts of its execution: those below `output/`, and `output_file` of its tasks.

They are kept as they come, after each task, tool call and method of a flow: an attempt that is killed afterwards has
lost none of them. The next attempt writes them again, answered from the journal, under the same names.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from stepcrew.domain.artifacts import Artifact, artifact_name, written_id
from stepcrew.domain.retrying import until_available
from stepcrew.services.ports import PayloadStore
from stepcrew_runner.crew.written_files import FileState, state_of, states_below
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.gate.journal import WRITE_PATIENCE
from stepcrew_runner.isolation.addresses import as_platform

logger = logging.getLogger("stepcrew_runner")
OUTPUT = "output"
MOST_FILES = 100
MOST_BYTES = 10_000_000
"""Of one file."""
MOST_BYTES_OF_ALL = 50_000_000
TELLING = frozenset({"task_completed", "tool_usage_finished", "method_execution_finished"})
"""CrewAI's events after which something may have been written."""


class OutputFiles:
    """Keeps what changes in one project's working folder, from `begin` on."""

    def __init__(self, companions: Companions, payloads: PayloadStore, folder: Path) -> None:
        self._companions = companions
        self._payloads = payloads
        self._folder = folder.resolve()
        self._lock = threading.Lock()
        self._named: set[Path] = set()
        self._seen: dict[Path, FileState] = {}
        self._sizes: dict[str, int] = {}
        self._left_out: set[str] = set()

    def begin(self) -> None:
        """What the project brings is no output of it."""
        self._seen = states_below(self._folder)

    def sink(self, event: Any) -> None:
        """Raises an `Abort` when a file cannot be stored."""
        if event.type not in TELLING:
            return
        if named := getattr(getattr(event, "task", None), "output_file", None):
            self._named.add(self._folder / str(named).lstrip("/"))
        try:
            self.keep()
        except Exception as error:  # a boundary to CrewAI: raised again as the end of the attempt
            raise self._companions.control.stop(error) from error

    def keep(self) -> None:
        """Raises `PlatformUnavailable`."""
        with self._lock:
            for file in sorted({*(self._folder / OUTPUT).rglob("*"), *self._named}):
                if file.is_file() and not file.is_symlink() and file.resolve().is_relative_to(self._folder):
                    self._keep(file)

    def _keep(self, file: Path) -> None:
        state = state_of(file)
        if self._seen.get(file) == state:
            return
        self._seen[file] = state
        name = artifact_name(file.relative_to(self._folder).as_posix(), {})
        others = {other: size for other, size in self._sizes.items() if other != name}
        of_all = sum(others.values()) + state.size
        if len(others) >= MOST_FILES or state.size > MOST_BYTES or of_all > MOST_BYTES_OF_ALL:
            self._leave_out(name, state.size)
            return
        content = self._without_secrets(file.read_bytes())
        execution = self._companions.execution
        payload_id = written_id(execution.attempt, name)
        put = (execution.group_id, execution.execution_id, payload_id, content, Artifact(name).media_type)
        until_available(lambda: as_platform(self._payloads.put, *put), WRITE_PATIENCE)
        self._sizes[name] = state.size

    def _leave_out(self, name: str, size: int) -> None:
        if name not in self._left_out:
            self._left_out.add(name)
            told = "The file %s of %d bytes is no artifact: %d files are kept, %d bytes of each and %d of all."
            logger.warning(told, name, size, MOST_FILES, MOST_BYTES, MOST_BYTES_OF_ALL)

    def _without_secrets(self, content: bytes) -> bytes:
        try:
            return self._companions.redactor.text(content.decode()).encode()
        except UnicodeDecodeError:
            return content
