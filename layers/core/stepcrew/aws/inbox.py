"""The inbox: the bucket whose new objects make triggers fire."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors

URL_SECONDS = 900


class BucketInbox:
    """`Inbox` over S3."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket

    def read(self, key: str, version: str | None, etag: str, most: int) -> bytes | None:
        request: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        if version:
            request["VersionId"] = version
        if etag:
            request["IfMatch"] = etag
        with platform_errors("Reading an object of the inbox"):
            try:
                return self._clients.s3.get_object(**request)["Body"].read(most + 1)
            except ClientError as error:
                if code_of(error) in {"NoSuchKey", "NoSuchVersion", "404", "PreconditionFailed", "412"}:
                    return None
                raise

    def upload_url(self, group_id: str, name: str) -> str:
        return self._clients.s3.generate_presigned_url(
            "put_object", Params={"Bucket": self._bucket, "Key": f"{group_id}/{name}"}, ExpiresIn=URL_SECONDS
        )
