"""Claim checks in the bucket."""

from __future__ import annotations

import hashlib

from stepcrew.aws import paths
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.objects import delete_below, read_object
from stepcrew.domain.trace import PayloadReference

PREVIEW_CHARACTERS = 300
URL_SECONDS = 300


class BucketPayloads:
    """`PayloadStore` over S3. Writing a payload id again replaces it, so repeats are harmless."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket

    def put(
        self, group_id: str, execution_id: str, payload_id: str, body: bytes, content_type: str = "application/json"
    ) -> PayloadReference:
        with platform_errors("Storing a payload"):
            self._clients.s3.put_object(
                Bucket=self._bucket,
                Key=paths.payload(group_id, execution_id, payload_id),
                Body=body,
                ContentType=content_type,
            )
        preview = body[: 4 * PREVIEW_CHARACTERS].decode("utf-8", errors="ignore")[:PREVIEW_CHARACTERS]
        return PayloadReference(
            payload_id=payload_id,
            bytes=len(body),
            content_type=content_type,
            preview=preview,
            sha256=hashlib.sha256(body).hexdigest(),
        )

    def get(self, group_id: str, execution_id: str, payload_id: str) -> bytes | None:
        key = paths.payload(group_id, execution_id, payload_id)
        return read_object(self._clients.s3, self._bucket, key, "Reading a payload")

    def url(self, group_id: str, execution_id: str, payload_id: str) -> str:
        """A presigned address of the payload, good for `URL_SECONDS`."""
        return self._clients.s3.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": paths.payload(group_id, execution_id, payload_id)},
            ExpiresIn=URL_SECONDS,
        )

    def sizes(self, group_id: str, execution_id: str, prefix: str) -> dict[str, int]:
        folder = paths.payload_folder(group_id, execution_id)
        with platform_errors("Listing payloads"):
            pages = self._clients.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=folder + prefix
            )
            found = [entry for page in pages for entry in page.get("Contents", [])]
        return {entry.get("Key", "").removeprefix(folder): entry.get("Size", 0) for entry in found}

    def delete_all(self, group_id: str, execution_id: str) -> int:
        with platform_errors("Deleting payloads"):
            gone, _ = delete_below(self._clients.s3, self._bucket, paths.payload_folder(group_id, execution_id))
            return gone
