"""The inputs of batches in the bucket: one object for all rows, and one for each round that says which of them it takes
and where in the first object they are. The state machine reads the latter, so no inputs travel through it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from stepcrew.aws import paths
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.objects import read_object
from stepcrew.domain.batch import RowReference
from stepcrew.domain.errors import BodyExpired

FIRST_ROUND = 1


class BucketBatchInputs:
    """`BatchInputs` over S3."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients = clients
        self._bucket = bucket

    def write(self, group_id: str, batch_id: str, inputs: bytes) -> None:
        self._put(paths.batch_inputs(group_id, batch_id), inputs)

    def read(self, row: RowReference) -> bytes:
        part = f"bytes={row.first}-{row.last}"
        return self._get(paths.batch_inputs(row.group_id, row.batch_id), Range=part)

    def write_round(self, group_id: str, batch_id: str, number: int, rows: Iterable[RowReference]) -> None:
        lines = "".join(json.dumps(row._replace(round=number)._asdict()) + "\n" for row in rows)
        self._put(paths.batch_round(group_id, batch_id, number), lines.encode())

    def rows(self, group_id: str, batch_id: str, number: int = FIRST_ROUND) -> list[RowReference]:
        text = self._get(paths.batch_round(group_id, batch_id, number)).decode()
        return [RowReference(**json.loads(line)) for line in text.splitlines()]

    def _put(self, key: str, body: bytes) -> None:
        with platform_errors("Storing the inputs of the batch"):
            self._clients.s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/jsonl")

    def _get(self, key: str, **options: Any) -> bytes:
        found = read_object(self._clients.s3, self._bucket, key, "Reading the inputs of the batch", **options)
        if found is None:
            raise BodyExpired("What the batch was given")
        return found
