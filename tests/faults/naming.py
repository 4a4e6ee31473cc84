"""What a function's call to AWS is about, in words: the service's operation and what it does here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

_SORT_KEY = re.compile(r'"SK": ?\{"S": ?"([A-Z]+)')
_RANGE = re.compile(r'"S": ?"([A-Z]+)#')
_OF_TRANSACTION = (
    ("DEFINITION", "store the execution"),
    ("TASK", "store a task's output"),
    ("ROW", "count a row of a batch"),
    ("BATCH", "count trace events"),
    ("SLOT", "give a slot"),
    ("MEMORY", "remember"),
)
_OF_UPDATE = (
    ("ended_at", "end the execution"),
    ("approvals", "park the execution"),
    ("deadline", "decide"),
    ("attempt_claim", "begin the attempt"),
    ("cancel_requested_at", "request the cancel"),
    ("task_token", "keep the task token"),
    ("traces_emitted", "hand over"),
    ("progress", "save progress"),
    ("vector_1", "keep a vector"),
    ("reading", "begin to read a file"),
    ("chunks", "end reading a file"),
)
_OF_READ = {
    "EXECUTION": "read the record",
    "DEFINITION": "read the definition",
    "LIMITS": "read the limits of the group",
    "IDEMPOTENCY": "look for the idempotency key",
    "TASK": "read the finished outputs",
    "APPROVAL": "read the approvals",
    "TRACE": "read trace events",
    "JOURNAL": "read the journal",
    "BATCH": "read what is recorded",
    "SLOT": "read the slots",
    "QUEUED": "read the queue",
}
_OF_PUT = {"JOURNAL": "write the journal", "FIRING": "keep the firing", "DELIVERY": "keep the delivery"}
_OF_OTHERS = {
    "EventBridge.PutEvents": "announce",
    "SQS.SendMessage": "send trace events",
    "SQS.ChangeMessageVisibility": "hide the message",
    "SSM.GetParametersByPath": "read the operator's keys",
    "SSM.GetParameter": "read a secret or limit",
    "SFN.StartExecution": "start the state machine",
    "SFN.SendTaskSuccess": "wake the state machine",
    "SFN.DescribeExecution": "look at the state machine",
    "DynamoDB.BatchWriteItem": "store trace events",
}
_SERVICES = {
    "DynamoDB_20120810": "DynamoDB",
    "AmazonSQS": "SQS",
    "AmazonSSM": "SSM",
    "AWSStepFunctions": "SFN",
    "AWSEvents": "EventBridge",
}


def operation(method: str, target: str) -> str:
    """`DynamoDB.UpdateItem`; requests without a target header are the bucket's: `S3.PUT`."""
    service, _, name = target.partition(".")
    return f"{_SERVICES.get(service, service)}.{name}" if name else f"S3.{method}"


def describe(method: str, target: str, body: bytes) -> str:
    """`end the execution (DynamoDB.UpdateItem)`."""
    name = operation(method, target)
    words = _words(name, body)
    return f"{words} ({name})" if words else name


def _words(name: str, body: bytes) -> str:
    if name == "DynamoDB.BatchWriteItem" and b"#KNOWLEDGE#" in body:
        return "keep chunks"
    if name in _OF_OTHERS:
        return _OF_OTHERS[name]
    if not name.startswith("DynamoDB."):
        return ""
    text = body.decode(errors="replace")
    kinds = set(_SORT_KEY.findall(text))
    if name == "DynamoDB.TransactWriteItems":
        found = next((words for kind, words in _OF_TRANSACTION if kind in kinds), "")
        return found or _update(text)
    if name == "DynamoDB.UpdateItem":
        return _update(text) or ("change the memory" if '#MEMORY"' in text else "")
    if name == "DynamoDB.PutItem":
        return next((words for kind, words in _OF_PUT.items() if kind in kinds), "")
    if name == "DynamoDB.Query" and "#MEMORY#" in text:
        return "read the memory"
    if name == "DynamoDB.Query":
        kinds = set(_RANGE.findall(text)) - {"GROUP"}
    return next((words for kind, words in _OF_READ.items() if kind in kinds), "")


def _update(text: str) -> str:
    names = _attribute_names(json.loads(text))
    return next((words for attribute, words in _OF_UPDATE if attribute in names), "")


def _attribute_names(document: object) -> set[str]:
    if isinstance(document, Mapping):
        entries = cast("Mapping[str, Any]", document)
        own = cast("Mapping[str, str]", entries.get("ExpressionAttributeNames", {}))
        return set(own.values()).union(*(_attribute_names(value) for value in entries.values()))
    if isinstance(document, list):
        return set[str]().union(*(_attribute_names(value) for value in cast("list[object]", document)))
    return set()
