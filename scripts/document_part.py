"""Documents of which a part is written by a script, between two comments."""

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
        """The exit code of a script, whose own description is `told`: writes the part; with --check, fails where it is
        another, and prints `stale`."""
        parser = argparse.ArgumentParser(description=told)
        parser.add_argument("--check", action="store_true")
        is_check = parser.parse_args().check
        standing = self.document.read_text()
        before, _, rest = standing.partition(self.begin)
        _, _, after = rest.partition(self.end)
        written = f"{before}{self.begin}\n{text()}\n{self.end}{after}"
        if not is_check:
            self.document.write_text(written)
        elif standing != written:
            print(stale, file=sys.stderr)
            return 1
        return 0
