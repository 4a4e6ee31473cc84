"""Fills a folder with what a zip function ships: its package and its pinned requirements. Standard library only.

    python3 -m scripts.build_zip functions/api FOLDER        in the repository's root

It needs neither the Python nor the processor that the function runs on: every requirement is a wheel for those, and has
one of the hashes in the requirement file.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from scripts.bootstrap import ROOT, run_uv

PYTHON_VERSION = "3.13"
"""The functions' runtime in template.yaml."""
PLATFORM = "aarch64-manylinux_2_34"
"""Their architecture there, on Amazon Linux 2023, whose glibc is 2.34:
https://docs.aws.amazon.com/linux/al2023/ug/compare-with-al2.html and
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""


def build(function: Path, target: Path) -> None:
    """Adds to the folder; SAM gives an empty one.

    Raises:
        SystemExit: a requirement has no fitting wheel, or a file other than the one that was pinned; uv says which.
    """
    checked = ("--no-deps", "--require-hashes", "--only-binary", ":all:")
    fitting = ("--python-platform", PLATFORM, "--python-version", PYTHON_VERSION)
    requirements = str(function / "requirements.txt")
    run_uv("pip", "install", "-q", *checked, *fitting, "--target", str(target), "-r", requirements)
    (target / ".lock").unlink(missing_ok=True)  # uv's own
    for package in (folder for folder in function.iterdir() if (folder / "__init__.py").is_file()):
        shutil.copytree(package, target / package.name, ignore=shutil.ignore_patterns("__pycache__"))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    build(ROOT / sys.argv[1], Path(sys.argv[2]).resolve())
