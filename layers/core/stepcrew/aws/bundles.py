"""Bundles of projects in the bucket, each under the hash of its bytes."""

from __future__ import annotations

from stepcrew.aws import paths
from stepcrew.aws.clients import Clients
from stepcrew.aws.objects import object_size, read_object, signed_upload
from stepcrew.services.bundle_ports import Upload

_ZIP = "application/zip"


class BucketBundles:
    """`BundleStore` over S3."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket

    def has(self, group_id: str, digest: str) -> bool:
        key = paths.bundle(group_id, digest)
        return object_size(self._clients.s3, self._bucket, key, "Looking for the bundle") is not None

    def upload(self, group_id: str, digest: str) -> Upload:
        key = paths.bundle(group_id, digest)
        url, headers = signed_upload(self._clients.s3, self._bucket, key, digest, ContentType=_ZIP)
        return Upload(url, {"content-type": _ZIP, **headers})

    def read(self, group_id: str, digest: str) -> bytes | None:
        return read_object(self._clients.s3, self._bucket, paths.bundle(group_id, digest), "Reading the bundle")
