"""Removing many objects of a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef


def delete_below(client: S3Client, bucket: str, prefix: str, *, spare: str | None = None) -> int:
    """Removes every object whose key begins so, but the one with the key `spare`; answers how many bytes went."""
    gone = 0
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        found = [entry for entry in page.get("Contents", []) if entry.get("Key") != spare]
        named: list[ObjectIdentifierTypeDef] = [{"Key": entry["Key"]} for entry in found if "Key" in entry]
        if named:
            client.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
        gone += sum(entry.get("Size", 0) for entry in found)
    return gone
