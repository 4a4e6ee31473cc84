"""The real template with tiny functions in place of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stepcrew_local.deploy import physical_id
from stepcrew_local.layout import python_of
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions
from stepcrew_local.template import FunctionSource

FUNCTIONS = Path(__file__).parent / "functions"
HANDLERS = {
    "ApiFunction": "tiny.api",
    "TraceSinkFunction": "tiny.sink",
    "ReconcilerFunction": "tiny.call",
    "TriggerFunction": "tiny.call",
    "AnnouncerFunction": "tiny.call",
    "WebhookSenderFunction": "tiny.call",
    "ExporterFunction": "tiny.call",
    "RunnerFunction": "tiny.call",
    "KnowledgeFunction": "tiny.call",
}
ONLY_FOR_THE_RUNNER = {"OPENAI_API_KEY": "not a key"}


def tiny_options(data: Path | None = None) -> StackOptions:
    python = python_of("api")
    return StackOptions(
        port=0,
        data=data,
        model=external_model("http://127.0.0.1:9/v1"),
        sources={name: FunctionSource(FUNCTIONS, python, handler=handler) for name, handler in HANDLERS.items()},
        for_functions={"RunnerFunction": ONLY_FOR_THE_RUNNER},
    )


def invoke(stack: Stack, logical_id: str, event: dict[str, Any]) -> Any:
    """Invokes the function and answers what it returned."""
    answer = stack.client("lambda").invoke(
        FunctionName=physical_id(stack.emulator, logical_id), Payload=json.dumps(event)
    )
    return json.loads(answer["Payload"].read())
