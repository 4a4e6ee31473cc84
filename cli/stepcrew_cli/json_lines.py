"""Where JSON Lines that come page by page go: to a file or to stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from stepcrew_cli.errors import CliError
from stepcrew_cli.options import Output

LinesFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file instead of stdout.")
]


def write_lines(pages: Iterable[str], file: Path | None, output: Output, things: str) -> None:
    """Raises CliError when the file cannot be written. `things` is what the lines are, for the note at the end."""
    if file is None:
        for text in pages:
            sys.stdout.write(text)
        return
    number = 0
    try:
        with file.open("w", encoding="utf-8") as written:
            for text in pages:
                number += text.count("\n")
                written.write(text)
    except OSError as error:
        raise CliError(f"{file} cannot be written: {error.strerror}.") from error
    output.note(f"{number} {things} are in {file}.", "green")
