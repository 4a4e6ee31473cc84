"""Answers about files and artifacts; as in `schemas`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from stepcrew.domain.files import GroupFile


class FileList(BaseModel):
    """By name."""

    files: list[GroupFile]


class FileAddress(BaseModel):
    """A file, and where its bytes are for the next minutes; the address itself is the permission."""

    file: GroupFile
    url: str
    view_url: str | None = Field(description="Of a PDF: where a browser shows it instead of saving it.")


class FileUpload(BaseModel):
    """Where to PUT the file's bytes, with exactly these headers, within 15 minutes. Then the same is asked again."""

    url: str
    headers: dict[str, str]


class ArtifactView(BaseModel):
    """An output under a file's name, or a file that a project wrote. `task` is the crew task whose output it is, null
    for a project's; `bytes` is null where it is large JSON, which is written out only when it is fetched."""

    name: str
    task: str | None
    media_type: str
    bytes: int | None


class ArtifactList(BaseModel):
    """In the order of their tasks; those of a project by name."""

    artifacts: list[ArtifactView]
