"""The bundle of the project that this function serves: fetched, checked and unpacked once per process."""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.project import MOST_BUNDLE_BYTES

SOURCE = "project"
"""Folder of the project's own files, in the bundle."""
PACKAGES = "packages"
"""Folder of what the project depends on and the runner's image lacks."""


class BundleDamaged(PlatformUnavailable):
    """What was fetched is not the bundle that was asked for."""


class Bundle(NamedTuple):
    """An unpacked bundle. `digest` is the SHA-256 (hex) of its bytes."""

    digest: str
    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / SOURCE

    def use_packages(self) -> None:
        """Makes the project's packages importable, behind everything the platform has: its own versions win."""
        packages = str(self.folder / PACKAGES)
        if packages not in sys.path:
            sys.path.append(packages)


def unpack(content: bytes, digest: str, folder: Path) -> Bundle:
    """Raises `BundleDamaged` for other bytes than those of the digest, and for a bundle that is too large unpacked."""
    if hashlib.sha256(content).hexdigest() != digest:
        raise BundleDamaged(f"The stored bundle is not the one with the hash {digest[:12]}….")
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_BUNDLE_BYTES:
            raise BundleDamaged(f"The bundle {digest[:12]}… is larger than {MOST_BUNDLE_BYTES} bytes unpacked.")
        archive.extractall(folder)  # names that lead out of the folder are made harmless by zipfile itself
    (folder / SOURCE).mkdir(exist_ok=True)
    return Bundle(digest, folder)
