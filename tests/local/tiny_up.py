"""`python -m tests.local.tiny_up DATA [PORT]`: what `python -m stepcrew_local up` runs, with tiny functions."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from tests.local.tiny_stack import tiny_options

from stepcrew_local.__main__ import run

if __name__ == "__main__":
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    sys.exit(run(dataclasses.replace(tiny_options(Path(sys.argv[1])), port=port)))
