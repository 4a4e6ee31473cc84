"""The API's methods of files; as in `client`."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus

from stepcrew_cli.answer import Answer
from stepcrew_cli.api_paths import api_path
from stepcrew_cli.file_wire import FileAddress, FileUpload
from stepcrew_cli.transport import Transport


class FileCalls:
    """`bucket` carries no token: a signed address is the permission."""

    def __init__(self, transport: Transport, bucket: Transport) -> None:
        self._transport = transport
        self._bucket = bucket

    def list(self) -> Answer:
        return self._transport.ask("GET", api_path("files"))

    def put(self, name: str, content: bytes, embedder: str | None = None) -> Answer:
        """May be repeated."""
        body: dict[str, str | int] = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
        if embedder:
            body["embedder"] = embedder
        answer = self._transport.request("PUT", api_path("files", name), json=body)
        if answer.status_code == HTTPStatus.ACCEPTED:
            upload = Answer(answer).read(FileUpload)
            self._bucket.request("PUT", upload.url, headers=upload.headers, content=content)
            answer = self._transport.request("PUT", api_path("files", name), json=body)
        return Answer(answer)

    def content(self, name: str) -> bytes:
        url = self._transport.ask("GET", api_path("files", name)).read(FileAddress).url
        return self._bucket.request("GET", url).content

    def remove(self, name: str) -> Answer:
        """May be repeated."""
        return self._transport.ask("DELETE", api_path("files", name))
