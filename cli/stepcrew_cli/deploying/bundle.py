"""One immutable file with a project's code and packages. The same content makes the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from stepcrew_cli.deploying.finding import Project

SOURCE, PACKAGES = "project", "packages"
MOMENT = (2020, 1, 1, 0, 0, 0)


def make_bundle(project: Project, packages: Path, more: Mapping[str, bytes]) -> bytes:
    """The zip's bytes: `project/`, `packages/`, and `more` files beside them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in (*_content(project, packages), *more.items()):
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _content(project: Project, packages: Path) -> Iterator[tuple[str, bytes]]:
    for file in project.files:
        yield f"{SOURCE}/{file.as_posix()}", (project.root / file).read_bytes()
    for file in sorted(packages.rglob("*")):
        inside = file.relative_to(packages)
        if file.is_file() and "__pycache__" not in inside.parts and inside.parts[0] not in ("bin", ".lock"):
            yield f"{PACKAGES}/{inside.as_posix()}", file.read_bytes()
