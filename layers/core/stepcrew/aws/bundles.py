"""Bundles of projects in the bucket, each under the hash of its bytes."""

from __future__ import annotations

from base64 import b64encode

from botocore.exceptions import ClientError

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.services.bundle_ports import Upload

UPLOAD_SECONDS = 900


class BucketBundles:
    """`BundleStore` over S3. S3 refuses an upload whose bytes have another hash than the address was signed for
    (Amazon S3 user guide, "Checking object integrity for data uploads")."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket

    def has(self, group_id: str, digest: str) -> bool:
        with platform_errors("Looking for the bundle"):
            try:
                self._clients.s3.head_object(Bucket=self._bucket, Key=keys.bundle(group_id, digest))
            except ClientError as error:
                if code_of(error) in {"NoSuchKey", "404"}:
                    return False
                raise
        return True

    def upload(self, group_id: str, digest: str) -> Upload:
        checksum = b64encode(bytes.fromhex(digest)).decode()
        url = self._clients.s3.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": keys.bundle(group_id, digest),
                "ContentType": "application/zip",
                "ChecksumSHA256": checksum,
            },
            ExpiresIn=UPLOAD_SECONDS,
        )
        return Upload(url, {"content-type": "application/zip", "x-amz-checksum-sha256": checksum})

    def read(self, group_id: str, digest: str) -> bytes | None:
        with platform_errors("Reading the bundle"):
            try:
                found = self._clients.s3.get_object(Bucket=self._bucket, Key=keys.bundle(group_id, digest))
            except ClientError as error:
                if code_of(error) in {"NoSuchKey", "404"}:
                    return None
                raise
            return found["Body"].read()
