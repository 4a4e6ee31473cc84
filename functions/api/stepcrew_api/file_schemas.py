"""Answers about files; as in `schemas`."""

from __future__ import annotations

from pydantic import BaseModel

from stepcrew.domain.files import GroupFile


class FileList(BaseModel):
    """By name."""

    files: list[GroupFile]


class FileAddress(BaseModel):
    """A file, and where its bytes are for the next minutes; the address itself is the permission."""

    file: GroupFile
    url: str


class FileUpload(BaseModel):
    """Where to PUT the file's bytes, with exactly these headers, within 15 minutes. Then the same is asked again."""

    url: str
    headers: dict[str, str]
