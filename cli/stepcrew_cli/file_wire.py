"""What the API answers about files; as in `wire`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class File(BaseModel):
    name: str
    bytes: int = 0
    media_type: str = ""
    sha256: str = ""
    uploaded_at: datetime | None = None
    state: str = ""
    reason: str | None = None
    chunks: int = 0


class FileList(BaseModel):
    files: list[File] = []


class FileAddress(BaseModel):
    url: str


class FileUpload(BaseModel):
    url: str
    headers: dict[str, str] = {}


class FileReceipt(BaseModel):
    name: str
    bytes: int = 0
