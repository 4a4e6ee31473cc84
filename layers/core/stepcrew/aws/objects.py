"""Objects of a bucket: reading one that may be absent, addresses for uploads, and removing many."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.services.bundle_ports import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

UPLOAD_SECONDS = 900
_ABSENT = {"NoSuchKey", "NoSuchVersion", "404", "PreconditionFailed", "412"}

Answer = TypeVar("Answer")


def read_object(
    client: S3Client, bucket: str, key: str, doing: str, *, most: int | None = None, **options: Any
) -> bytes | None:
    """At most so many bytes of an object; None when there is none, or not the one that the options ask for. `doing`
    says what was being done, for the message of an error."""
    return _unless_absent(doing, lambda: client.get_object(Bucket=bucket, Key=key, **options)["Body"].read(most))


def object_size(client: S3Client, bucket: str, key: str, doing: str) -> int | None:
    """None when there is no such object."""
    return _unless_absent(doing, lambda: client.head_object(Bucket=bucket, Key=key)["ContentLength"])


def _unless_absent(doing: str, read: Callable[[], Answer]) -> Answer | None:
    with platform_errors(doing):
        try:
            return read()
        except ClientError as error:
            if code_of(error) in _ABSENT:
                return None
            raise


def signed_upload(client: S3Client, bucket: str, key: str, sha256: str, **signed: Any) -> Upload:
    """S3 refuses other bytes than the address was signed for: their hash, and what else is given, are signed headers
    (Amazon S3 user guide, "Checking object integrity for data uploads"; API reference, "Authenticating requests")."""
    checksum = b64encode(bytes.fromhex(sha256)).decode()
    wanted = {"Bucket": bucket, "Key": key, "ChecksumSHA256": checksum, **signed}
    url = client.generate_presigned_url("put_object", Params=wanted, ExpiresIn=UPLOAD_SECONDS)
    return Upload(url, {"x-amz-checksum-sha256": checksum})


class Gone(NamedTuple):
    objects: int = 0
    size: int = 0


def delete_below(client: S3Client, bucket: str, prefix: str, *, spare: str | None = None) -> Gone:
    """Removes every object whose key begins so, but the one with the key `spare`; answers how many and how many bytes
    went."""
    objects = size = 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        found = [entry for entry in page.get("Contents", []) if entry.get("Key") != spare]
        named: list[ObjectIdentifierTypeDef] = [{"Key": entry["Key"]} for entry in found if "Key" in entry]
        if named:
            client.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
        objects += len(found)
        size += sum(entry.get("Size", 0) for entry in found)
    return Gone(objects, size)
