"""The inbox: the bucket whose new objects make triggers fire."""

from __future__ import annotations

from stepcrew.aws.clients import Clients
from stepcrew.aws.objects import read_object
from stepcrew.services.trigger_ports import UPLOAD_SECONDS


class BucketInbox:
    """`Inbox` over S3."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket

    def read(self, key: str, version: str | None, etag: str, most: int) -> bytes | None:
        wanted = {"VersionId": version} if version else {}
        if etag:
            wanted["IfMatch"] = etag
        doing = "Reading an object of the inbox"
        return read_object(self._clients.s3, self._bucket, key, doing, most=most + 1, **wanted)

    def upload_url(self, group_id: str, name: str) -> str:
        return self._clients.s3.generate_presigned_url(
            "put_object", Params={"Bucket": self._bucket, "Key": f"{group_id}/{name}"}, ExpiresIn=UPLOAD_SECONDS
        )
