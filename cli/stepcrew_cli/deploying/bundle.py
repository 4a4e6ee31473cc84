"""One immutable file with a project's code and packages. The same content makes the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from stepcrew_cli.deploying.finding import Project
from stepcrew_reader.errors import CrewFileError

SOURCE, PACKAGES = "project", "packages"
MOMENT = (2020, 1, 1, 0, 0, 0)
MOST_BYTES = 250_000_000
"""Unpacked, as the server has it."""
MOST_TOLD = 4


def make_bundle(project: Project, packages: Path, more: Mapping[str, bytes]) -> bytes:
    """The zip's bytes: `project/`, `packages/`, and `more` files beside them. Raises CrewFileError for too much."""
    files = list(_files(project, packages))
    _check_size(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in (*((name, file.read_bytes()) for name, file in files), *more.items()):
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _files(project: Project, packages: Path) -> Iterator[tuple[str, Path]]:
    for file in project.files:
        yield f"{SOURCE}/{file.as_posix()}", project.root / file
    for file in sorted(packages.rglob("*")):
        inside = file.relative_to(packages)
        if file.is_file() and "__pycache__" not in inside.parts and inside.parts[0] not in ("bin", ".lock"):
            yield f"{PACKAGES}/{inside.as_posix()}", file


def _check_size(files: list[tuple[str, Path]]) -> None:
    sizes: Counter[str] = Counter()
    for name, file in files:
        sizes["/".join(name.split("/")[:2])] += file.stat().st_size
    if sizes.total() <= MOST_BYTES:
        return
    largest = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in sizes.most_common(MOST_TOLD))
    raise CrewFileError(
        f"The project has {sizes.total() / 1e6:.0f} MB with its packages, and {MOST_BYTES / 1e6:.0f} MB are the most "
        f"that a function takes: {largest}.",
        remedy="Leave out of its dependencies what the crew itself does not need, a user interface say, and keep data "
        "outside of the folder.",
    )
