"""Lambda functions of a group as tools of its crews, on the whole stack: what they are called with, and who may."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from scripted_model import ScriptedModel
from stepcrew_local.deploy import physical_id
from stepcrew_local.emulator import ACCOUNT
from stepcrew_local.stack import Stack
from tests.e2e.user import User, agent, crew, task

LOOK_UP = "def look_up(event, context):\n    return {'order': event['order'], 'state': 'sent'}\n"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}


def function(stack: Stack, group: str) -> str:
    """ARN of a new function that says it serves the group."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("orders.py", LOOK_UP)
    made = stack.client("lambda").create_function(
        FunctionName=f"orders-of-{group}",
        Runtime="python3.13",
        Handler="orders.look_up",
        Role=f"arn:aws:iam::{ACCOUNT}:role/orders",
        Code={"ZipFile": code.getvalue()},
        Tags={"stepcrew-group": group},
    )
    return made["FunctionArn"]


def test_a_crew_calls_the_functions_of_its_group_and_no_others(
    ada: User, bob: User, model: ScriptedModel, running: tuple[str, ScriptedModel, Stack]
) -> None:
    stack = running[2]
    api = stack.client("lambda").get_function(FunctionName=physical_id(stack.emulator, "ApiFunction"))
    arns = {
        "look_up": function(stack, "demo"),
        "steal": function(stack, "demo-other"),
        "break_in": api["Configuration"]["FunctionArn"],
    }
    for name, arn in arns.items():
        told = {"description": "Looks up an order.", "input_schema": SCHEMA, "function_arn": arn}
        assert ada.put(f"/tools/{name}", json=told).status_code == 201

    calls = " ".join(f'[[tool {name} {{"order": "A-7"}}]]' for name in arns)
    config = crew(task(f"{calls} [[say Looked.]]"), agents={"worker": agent(tools=list(arns))})
    record = ada.run(config)
    assert (record["status"], record["error"]) == ("COMPLETED", None)
    answers = [request.text for request in model.requests[1:]]
    assert "sent" in answers[0]
    assert "steal may not be called" in answers[1]
    assert "break_in may not be called" in answers[2]
    events = [one["event_type"] for one in ada.trace(record["execution_id"])]
    assert (events.count("tool_usage_completed"), events.count("tool_usage_failed")) == (1, 2)

    assert bob.get("/tools/look_up").status_code == 404
    assert bob.post("/executions", json={"config": config}).status_code == 422
    for name in arns:
        assert ada.delete(f"/tools/{name}").status_code == 204
    assert ada.post("/executions", json={"config": config}).status_code == 422
