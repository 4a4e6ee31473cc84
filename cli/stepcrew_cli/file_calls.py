"""The API's methods of files; as in `client`."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from urllib.parse import quote

from stepcrew_cli.answer import Answer
from stepcrew_cli.file_wire import FileAddress, FileUpload
from stepcrew_cli.transport import Transport

FILES = "/api/v1/files"


class FileCalls:
    """`bucket` carries no token: a signed address is the permission."""

    def __init__(self, transport: Transport, bucket: Transport) -> None:
        self._transport = transport
        self._bucket = bucket

    def list(self) -> Answer:
        return Answer(self._transport.request("GET", FILES))

    def put(self, name: str, content: bytes) -> Answer:
        """May be repeated."""
        body = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
        answer = self._transport.request("PUT", _path(name), json=body)
        if answer.status_code == HTTPStatus.ACCEPTED:
            upload = Answer(answer).read(FileUpload)
            self._bucket.request("PUT", upload.url, headers=upload.headers, content=content)
            answer = self._transport.request("PUT", _path(name), json=body)
        return Answer(answer)

    def content(self, name: str) -> bytes:
        url = Answer(self._transport.request("GET", _path(name))).read(FileAddress).url
        return self._bucket.request("GET", url).content

    def remove(self, name: str) -> Answer:
        """May be repeated."""
        return Answer(self._transport.request("DELETE", _path(name)))


def _path(name: str) -> str:
    return f"{FILES}/{quote(name, safe='')}"
