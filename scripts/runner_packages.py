"""Writes layers/core/stepcrew/runner_packages.txt from the runner's pinned requirements; `--check` only compares.

The API tells clients these packages: a project's bundle is resolved around them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "functions/runner/requirements.txt"
PACKAGES = ROOT / "layers/core/stepcrew/runner_packages.txt"
sys.path.insert(0, str(ROOT))

from scripts.document_part import keep  # noqa: E402


def packages() -> str:
    """One `name==version` a line, with the marker where the version depends on the Python."""
    found = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\;]+)(?: ; ([^\\\n]+?))?\s*\\?$",
        REQUIREMENTS.read_text(),
        re.MULTILINE,
    )
    return "".join(f"{name}=={version}{f' ; {marker}' if marker else ''}\n" for name, version, marker in found)


def main() -> int:
    stale = f"{PACKAGES.relative_to(ROOT)} is not up to date: run python3 scripts/runner_packages.py"
    return keep(PACKAGES, __doc__, packages, stale)


if __name__ == "__main__":
    sys.exit(main())
