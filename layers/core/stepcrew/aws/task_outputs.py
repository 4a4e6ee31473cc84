"""Outputs of finished crew tasks: written with the fence in the same transaction, bodies by claim check when large."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.documents import INLINE_BYTES
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.records import Records
from stepcrew.aws.trace_items import TOLD_TO
from stepcrew.aws.transactions import holds
from stepcrew.aws.updates import Update
from stepcrew.domain.errors import BodyExpired, Superseded
from stepcrew.domain.execution import Execution, Status, TaskOutput, Usage
from stepcrew.domain.text_bounds import beginning
from stepcrew.domain.trace import TEXT, PayloadReference

JSON = "application/json"
MOST_DESCRIBED = 10_000
"""Characters of a description."""


class TableTaskOutputs:
    """`TaskOutputStore` over DynamoDB and the bucket."""

    def __init__(self, clients: Clients, table: str, payloads: BucketPayloads, retention_days: int) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)
        self._payloads = payloads
        self._retention = timedelta(days=retention_days)

    def save_task_output(self, execution: Execution, output: TaskOutput, *, usage: Usage | None = None) -> None:
        key = keys.execution(execution.group_id, execution.execution_id)
        document = self._light(execution, output).model_dump_json()
        now = self._clients.now()
        expires_at = int((now + self._retention).timestamp())
        place: dict[str, Any] = {"PK": key, "SK": keys.task(output.index)}
        new = {**place, "document": document, "expires_at": expires_at}
        if "task" in execution.callbacks and output.ended_at:  # a skipped one has not ended
            new[TOLD_TO] = "task"
        update = Update(now).require("attempt", execution.attempt).require_status({Status.RUNNING})
        if usage is not None:
            update.set("usage", usage)
        with platform_errors("Storing a task output"):
            written = holds(
                lambda: self._clients.dynamodb.transact_write_items(
                    TransactItems=[
                        {"Update": update.request(self._table, item({"PK": key, "SK": keys.EXECUTION}))},
                        {"Put": {"TableName": self._table, "Item": item(new)}},
                    ]
                )
            )
        if not written:
            raise Superseded("A later attempt or a terminal status took over.")

    def keep_task_output(self, execution: Execution, output: TaskOutput) -> None:
        expires_at = int((execution.created_at + self._retention).timestamp())
        new = {
            "PK": keys.execution(execution.group_id, execution.execution_id),
            "SK": keys.task(output.index),
            "document": self._light(execution, output).model_dump_json(),
            "expires_at": expires_at,
        }
        self._records.put("Storing a task output", new)

    def task_outputs(self, group_id: str, execution_id: str, *, whole: bool = True) -> list[TaskOutput]:
        known = {":key": keys.execution(group_id, execution_id), ":prefix": keys.TASK_PREFIX}
        found = self._records.found("Reading task outputs", "PK = :key AND begins_with(SK, :prefix)", known)
        outputs = [TaskOutput.model_validate_json(values(entry)["document"]) for entry in found]
        return [self._whole(group_id, execution_id, output) for output in outputs] if whole else outputs

    def task_output(self, group_id: str, execution_id: str, index: int, *, whole: bool = True) -> TaskOutput | None:
        found = self._records.item(keys.execution(group_id, execution_id), keys.task(index))
        if found is None:
            return None
        output = TaskOutput.model_validate_json(values(found)["document"])
        return self._whole(group_id, execution_id, output) if whole else output

    def _light(self, execution: Execution, output: TaskOutput) -> TaskOutput:
        """The output with its large bodies put into the bucket: the text as text, so that it can be fetched as such. A
        description may have whole inputs in it, and the submission has it too: its beginning is kept."""

        def put(payload_id: str, body: bytes, content_type: str) -> PayloadReference:
            return self._payloads.put(execution.group_id, execution.execution_id, payload_id, body, content_type)

        # The attempt is part of the id: a late worker that will be fenced off has overwritten nothing.
        payload_id = f"task-{output.index:04d}-{execution.attempt}"
        raw, structured = output.raw.encode(errors="replace"), json.dumps(output.json_dict).encode()
        changes: dict[str, object] = {"description": beginning(output.description, MOST_DESCRIBED)}
        if output.expected_output is not None:
            changes["expected_output"] = beginning(output.expected_output, MOST_DESCRIBED)
        # As it will be written: a control character takes six bytes.
        if len(json.dumps(output.raw, ensure_ascii=False).encode(errors="replace")) > INLINE_BYTES:
            changes |= {"raw": "", "raw_reference": put(payload_id, raw, TEXT)}
        if len(structured) > INLINE_BYTES:
            changes |= {"json_dict": None, "json_reference": put(f"{payload_id}-json", structured, JSON)}
        return output.model_copy(update=changes)

    def _whole(self, group_id: str, execution_id: str, output: TaskOutput) -> TaskOutput:
        def body(reference: PayloadReference) -> str:
            found = self._payloads.get(group_id, execution_id, reference.payload_id)
            if found is None:
                raise BodyExpired(f"The output of crew task {output.name}")
            return found.decode()

        changes: dict[str, object] = {}
        if output.raw_reference:
            changes |= {"raw": body(output.raw_reference), "raw_reference": None}
        if output.json_reference:
            changes |= {"json_dict": json.loads(body(output.json_reference)), "json_reference": None}
        return output.model_copy(update=changes)
