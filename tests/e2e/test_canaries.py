"""Canaries: secrets that are put everywhere and looked for everywhere, after success, failure, crash and cancel."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote

import pytest
from boto3.dynamodb.types import Binary, TypeDeserializer

from scripted_model import ScriptedModel
from stepcrew_local.provider import NO_KEY
from stepcrew_local.stack import Stack
from tests.e2e.faults import kill
from tests.e2e.user import TERMINAL, User, agent, task

Running = tuple[str, ScriptedModel, Stack]
TOOLS = "canary-tool-4f1d7c0a9b"
HEADER = "canary/header+2e8b6d3f5a"
INPUT = "canary-input-7a3c9e1b5d"
"""No secret: it may be in the table, the bucket, the answers and the bundles, and nowhere else."""
RUNNER = "RunnerFunction"


def forms(value: str) -> set[str]:
    raw = value.encode()
    found = {value, json.dumps(value)[1:-1], quote(value, safe=""), raw.hex()}
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        part = encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        found |= {part, part.replace("+", "-").replace("/", "_")}
    return found


class Places:
    """Everything a stack keeps and answers, as text. Parameter Store is not among them: that is where secrets are."""

    def __init__(self, stack: Stack, user: User) -> None:
        self._stack = stack
        self._user = user

    def table(self) -> Iterator[str]:
        read = TypeDeserializer().deserialize
        for page in self._stack.client("dynamodb").get_paginator("scan").paginate(TableName=self._output("TableName")):
            for entry in page["Items"]:
                yield from (_text(read(value)) for value in entry.values())

    def bucket(self) -> Iterator[str]:
        s3, bucket = self._stack.client("s3"), self._output("BucketName")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for entry in page.get("Contents", []):
                yield s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode(errors="replace")

    def queues(self) -> Iterator[str]:
        for name in ("TraceQueueUrl", "TraceDeadLetterQueueUrl"):
            answer = self._stack.client("sqs").receive_message(
                QueueUrl=self._output(name), MaxNumberOfMessages=10, VisibilityTimeout=0
            )
            yield from (message["Body"] for message in answer.get("Messages", []))

    def machine(self) -> Iterator[str]:
        states = self._stack.client("stepfunctions")
        listed = states.list_executions(stateMachineArn=self._output("StateMachineArn"))["executions"]
        for execution in listed:
            arn = execution["executionArn"]
            yield json.dumps(states.describe_execution(executionArn=arn), default=str)
            yield json.dumps(states.get_execution_history(executionArn=arn, maxResults=1000), default=str)

    def logs(self) -> Iterator[str]:
        yield from (path.read_text(errors="replace") for path in (self._stack.data / "logs").iterdir())

    def answers(self, execution_ids: list[str]) -> Iterator[str]:
        every = ("", "/traces?limit=500", "/result", "/logs", "/definition", "/approvals")
        for address in [f"/executions/{one}{rest}" for one in execution_ids for rest in every]:
            yield self._user.get(address).text
        for one in execution_ids:
            yield json.dumps(self._user.trace(one))
        for address in ("/executions", "/crews", "/crews/canaries", "/secrets", "/approvals", "/me", "/tools"):
            yield self._user.get(address).text

    def bundle(self, execution_id: str) -> Iterator[str]:
        """Each file of the archive as text, by itself: its bytes are compressed."""
        answer = self._user.get(f"/executions/{execution_id}/bundle")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            yield from (archive.read(name).decode(errors="replace") for name in archive.namelist())

    def _output(self, name: str) -> str:
        return self._stack.outputs[name]


def _text(value: Any) -> str:
    if isinstance(value, Binary):
        packed: bytes = cast("Any", value).value
        try:
            return zlib.decompress(packed).decode(errors="replace")
        except zlib.error:
            return packed.decode(errors="replace")
    return str(value)


def config(description: str, **more: Any) -> dict[str, Any]:
    worker = agent(goal="Use {word}.", tools=["SerperDevTool", "CalculatorTool"], **more)
    return {"agents": {"worker": worker}, "tasks": [task(description)]}


@pytest.mark.timeout(300)
def test_no_secret_is_anywhere_after_success_failure_crash_and_cancel(
    ada: User, model: ScriptedModel, running: Running
) -> None:
    stack = running[2]
    for name, value in (("SERPER_API_KEY", TOOLS), ("CANARY_HEADER", HEADER)):
        answer = ada.put(f"/secrets/{name}", json={"value": value})
        assert answer.status_code in (200, 201)
        assert value not in answer.text
    encoded = base64.b64encode(f"{TOOLS}:{NO_KEY}".encode()).decode()
    model.words |= {"operator": NO_KEY, "tool": TOOLS, "encoded": encoded, "hex": TOOLS.encode().hex()}
    server = {"url": "https://canary.invalid/mcp", "headers": {"Authorization": {"secret": "CANARY_HEADER"}}}
    inputs = {"word": INPUT}
    said = "Say. [[say The keys are <<operator>>, <<tool>>, <<encoded>> and <<hex>>.]]"
    assert ada.put("/crews/canaries", json={"config": config(said, mcps=[server]), "inputs": inputs}).is_success

    success = ada.run(config(said), inputs=inputs)
    refused = ada.run(
        config('Fail. [[fail 401 {"message": "Incorrect API key provided: <<operator>>", "code": "invalid_api_key"}]]'),
        inputs=inputs,
    )
    server_fails = ada.run(config("Ask.", mcps=[server]), inputs=inputs)

    crashed = ada.submit(config("Crash. [[slow 8]] [[say <<tool>>]]"), inputs=inputs)
    ada.until(crashed, lambda _: bool(model.mentioning("Crash.")))
    kill(stack, RUNNER)
    ada.until(crashed, lambda record: record["status"] in TERMINAL)

    cancelled = ada.submit(config("Stop. [[slow 20]] [[say <<tool>>]]"), inputs=inputs)
    ada.until(cancelled, lambda _: bool(model.mentioning("Stop.")))
    assert ada.post(f"/executions/{cancelled}/cancel").status_code == 202
    ada.ended(cancelled)
    # The process that had to abandon a call of the cancelled one serves nothing else.
    later = ada.run(config("Later. [[say LATER]]"), inputs=inputs)

    ids = [success["execution_id"], refused["execution_id"], server_fails["execution_id"], crashed, cancelled]
    outcomes = [ada.execution(one)["status"] for one in ids]
    assert outcomes == ["COMPLETED", "FAILED", "FAILED", "COMPLETED", "CANCELLED"]
    assert later["status"] == "COMPLETED"
    assert ada.result(success["execution_id"])["output"].count("[secret]") == 5  # two of them in one base64

    places = Places(stack, ada)
    found = {
        "table": list(places.table()),
        "bucket": list(places.bucket()),
        "queues": list(places.queues()),
        "machine": list(places.machine()),
        "logs": list(places.logs()),
        "answers": list(places.answers([*ids, later["execution_id"]])),
        "bundles": [text for one in [*ids, later["execution_id"]] for text in places.bundle(one)],
    }
    token = ada.headers["authorization"].removeprefix("Bearer ")
    canaries = {"tool": TOOLS, "header": HEADER, "operator": NO_KEY, "token": token.rpartition(".")[2]}
    seen = {
        (name, place): text[:300]
        for name, value in canaries.items()
        for form in forms(value)
        for place, texts in found.items()
        for text in texts
        if form in text
    }
    assert seen == {}
    # The search does find what is there: the inputs, which are no secret, and no further than they have to be.
    where = {place for place, texts in found.items() for text in texts if INPUT in text}
    assert {"table", "answers", "bundles"} <= where <= {"table", "bucket", "answers", "bundles"}
    runner_log = (stack.data / "logs" / f"{RUNNER}.log").read_text()
    assert "This process is replaced" in runner_log
