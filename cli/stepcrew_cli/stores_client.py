"""The part of the API for what a group keeps: its memory and its files."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import quote

import httpx

from stepcrew_cli.answer import Answer
from stepcrew_cli.file_wire import FileAddress, FileUpload
from stepcrew_cli.transport import Patience, Transport

API = "/api/v1"


class StoresClient:
    """See `Client`, which is made of it."""

    def __init__(self, http: httpx.Client, patience: Patience | None, bucket: httpx.Client) -> None:
        self._transport = Transport(http, patience)
        self._patience = patience
        self._bucket = bucket

    def memory_scopes(self) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/memory"))

    def memory_records(self, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/memory/records", params=params))

    def remove_record(self, record_id: str) -> Answer:
        return Answer(self._transport.request("DELETE", f"{API}/memory/records/{quote(record_id, safe='')}"))

    def remove_scope(self, path: str) -> Answer:
        """With everything below it. May be repeated."""
        return Answer(self._transport.request("DELETE", f"{API}/memory/scopes/{quote(path.strip('/'))}"))

    def files(self) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/files"))

    def put_file(self, name: str, content: bytes) -> Answer:
        """May be repeated. The bytes go to the bucket; the token does not go along."""
        body = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
        answer = self._transport.request("PUT", _file(name), json=body)
        if answer.status_code == HTTPStatus.ACCEPTED:
            upload = Answer(answer).read(FileUpload)
            self.upload(upload.url, upload.headers, content)
            answer = self._transport.request("PUT", _file(name), json=body)
        return Answer(answer)

    def file_content(self, name: str) -> bytes:
        url = Answer(self._transport.request("GET", _file(name))).read(FileAddress).url
        return self._to_bucket().request("GET", url).content

    def remove_file(self, name: str) -> Answer:
        """May be repeated."""
        return Answer(self._transport.request("DELETE", _file(name)))

    def upload(self, url: str, headers: Mapping[str, str], content: bytes) -> None:
        """Puts bytes where the server gave a signed address for them."""
        self._to_bucket().request("PUT", url, headers=headers, content=content)

    def _to_bucket(self) -> Transport:
        """Without the token: a signed address is the permission."""
        return Transport(self._bucket, self._patience)


def _file(name: str) -> str:
    return f"{API}/files/{quote(name, safe='')}"
