"""Documents that a script writes, whole or the part between two comments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class DocumentPart(NamedTuple):
    """What stands in `document` between the lines `begin` and `end`."""

    document: Path
    begin: str
    end: str

    def keep(self, told: str | None, text: Callable[[], str], stale: str) -> int:
        """As the function of this name, for the part."""

        def whole() -> str:
            before, _, rest = self.document.read_text().partition(self.begin)
            return f"{before}{self.begin}\n{text()}\n{self.end}{rest.partition(self.end)[2]}"

        return keep(self.document, told, whole, stale)


def keep(document: Path, told: str | None, text: Callable[[], str], stale: str) -> int:
    """The exit code of a script, whose own description is `told`: writes the document; with --check, fails where it is
    another, and prints `stale`."""
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        document.write_text(text())
    elif not document.exists() or document.read_text() != text():
        print(stale, file=sys.stderr)
        return 1
    return 0
