"""The files of a group: a record of each in the table, its bytes in the bucket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stepcrew.aws import keys, paths
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, plain, values
from stepcrew.aws.objects import delete_below, object_size, read_object, signed_upload
from stepcrew.aws.records import Records
from stepcrew.aws.transactions import holds
from stepcrew.domain.files import GroupFile, Reading
from stepcrew.services.bundle_ports import Upload

DOWNLOAD_SECONDS = 300


class BucketFiles:
    """`FileStore` over DynamoDB and S3."""

    def __init__(self, clients: Clients, table: str, bucket: str) -> None:
        self._clients = clients
        self._table = table
        self._bucket = bucket
        self._records = Records(clients, table)

    def files(self, group_id: str) -> list[GroupFile]:
        found = self._records.found("Listing the files", "PK = :key", {":key": keys.files(group_id)})
        return [GroupFile.model_validate(values(entry)) for entry in found]

    def file(self, group_id: str, name: str) -> GroupFile | None:
        found = self._records.item(keys.files(group_id), keys.file(name))
        return GroupFile.model_validate(values(found)) if found else None

    def save(self, group_id: str, file: GroupFile) -> None:
        entry = {**plain(file), "PK": keys.files(group_id), "SK": keys.file(file.name)}
        self._records.put("Storing the file", entry)
        self._remove(group_id, file.name, spare=file.sha256)

    def begin_reading(self, group_id: str, file: GroupFile, reader: str, now: datetime) -> Reading | None:
        found = self._records.item(keys.files(group_id), keys.file(file.name))
        before = _reading(values(found)) if found else None
        reading = Reading.next(before, reader, now)
        if reading is None:
            return None
        return reading if self._update(group_id, file, before, {"reading": plain(reading)}) else None

    def end_reading(self, group_id: str, file: GroupFile, reading: Reading) -> bool:
        told = {name: getattr(file, name) for name in ("state", "reason", "chunks")}
        return self._update(group_id, file, reading, told)

    def _update(self, group_id: str, file: GroupFile, seen: Reading | None, new: dict[str, Any]) -> bool:
        """Where the name still stands for these bytes, and nobody else has begun to read them."""
        known = {":sha256": file.sha256, **{f":{name}": value for name, value in new.items()}}
        condition = "sha256 = :sha256 AND attribute_not_exists(reading)"
        if seen is not None:
            condition, known[":seen"] = "sha256 = :sha256 AND reading = :seen", plain(seen)
        request: Any = {
            "TableName": self._table,
            "Key": item({"PK": keys.files(group_id), "SK": keys.file(file.name)}),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in new),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in new},
            "ExpressionAttributeValues": item(known),
        }
        with platform_errors("Storing how the file is read"):
            return holds(lambda: self._clients.dynamodb.update_item(**request))

    def size(self, group_id: str, name: str, sha256: str) -> int | None:
        key = paths.content(group_id, name, sha256)
        return object_size(self._clients.s3, self._bucket, key, "Looking for the file")

    def write(self, group_id: str, name: str, sha256: str, content: bytes) -> None:
        key = paths.content(group_id, name, sha256)
        with platform_errors("Keeping the file"):
            self._clients.s3.put_object(Bucket=self._bucket, Key=key, Body=content)

    def upload(self, group_id: str, name: str, sha256: str, size: int) -> Upload:
        key = paths.content(group_id, name, sha256)
        return signed_upload(self._clients.s3, self._bucket, key, sha256, ContentLength=size)

    def read(self, group_id: str, file: GroupFile) -> bytes | None:
        key = paths.content(group_id, file.name, file.sha256)
        return read_object(self._clients.s3, self._bucket, key, "Reading the file")

    def url(self, group_id: str, file: GroupFile, *, shown: bool = False) -> str:
        return self._clients.s3.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": paths.content(group_id, file.name, file.sha256),
                "ResponseContentDisposition": "inline" if shown else "attachment",
                "ResponseContentType": file.media_type,
            },
            ExpiresIn=DOWNLOAD_SECONDS,
        )

    def delete(self, group_id: str, name: str) -> int:
        self._records.remove("Deleting the file", keys.files(group_id), keys.file(name))
        return self._remove(group_id, name)

    def _remove(self, group_id: str, name: str, *, spare: str | None = None) -> int:
        """All bytes that were uploaded for the name but those of the hash `spare`; answers how many."""
        with platform_errors("Deleting the file"):
            spared = paths.content(group_id, name, spare) if spare else None
            return delete_below(self._clients.s3, self._bucket, paths.content(group_id, name, ""), spare=spared).size


def _reading(entry: dict[str, Any]) -> Reading | None:
    return Reading.model_validate(entry["reading"]) if "reading" in entry else None
