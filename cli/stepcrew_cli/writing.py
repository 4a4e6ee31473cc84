"""Writing a file that was asked for."""

from __future__ import annotations

from pathlib import Path

from stepcrew_cli.errors import CliError


def write_file(path: Path, content: bytes, *, makes_folders: bool = False) -> None:
    """Raises CliError."""
    try:
        if makes_folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}.") from error
