"""Notices changed source files."""

from __future__ import annotations

from pathlib import Path

WATCHED = ("functions", "layers", "statemachine")
PATTERNS = ("*.py", "*.yaml")


class SourceWatch:
    """Compares modification times of what is deployed; a few dozen files, so looking is cheaper than being told."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen = self._times()

    def has_changed(self) -> bool:
        """Whether a file changed, came or went since the last call."""
        before, self._seen = self._seen, self._times()
        return before != self._seen

    def _times(self) -> dict[Path, int]:
        files = [self._root / "template.yaml"]
        for folder in WATCHED:
            for pattern in PATTERNS:
                files += (self._root / folder).rglob(pattern)
        times: dict[Path, int] = {}
        for file in files:
            try:
                times[file] = file.stat().st_mtime_ns
            except FileNotFoundError:  # gone between listing and looking
                continue
        return times
