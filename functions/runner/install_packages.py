"""Installs the pinned packages of the runner's image into a folder. Standard library and pip only.

    python3 install_packages.py REQUIREMENTS TARGET

AWS's base images for Python hold little beyond Python itself (no `find`, no compiler), so a step of the image's build
is this or plain Python: https://docs.aws.amazon.com/lambda/latest/dg/python-image.html
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path

UNUSED = frozenset({"tests", "__pycache__"})
"""Folders of packages that nothing imports when a crew runs."""


def install(requirements: Path, target: Path) -> None:
    """Fills the folder with the packages, compiled.

    Raises:
        CalledProcessError: pip refused; its own message is printed.
    """
    # --no-deps: the pinned file is complete, and what it leaves out (excluded.txt) is left out on purpose.
    options = ("--require-hashes", "--no-deps", "--no-cache-dir", "--no-compile", "--target", str(target))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "-r", str(requirements)], check=True)
    remove_unused(target)
    # Some packages ship files for other Python versions, which do not compile and are never imported.
    compileall.compile_dir(target, quiet=2, workers=0)


def remove_unused(target: Path) -> None:
    for folder, inner, _ in os.walk(target):
        for name in UNUSED.intersection(inner):
            shutil.rmtree(Path(folder) / name)
            inner.remove(name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    install(Path(sys.argv[1]), Path(sys.argv[2]))
