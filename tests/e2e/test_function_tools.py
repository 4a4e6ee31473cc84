"""Functions of a group as tools of its crews, on the whole stack: deployed, called, and called by nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew_local.deploy import physical_id
from stepcrew_local.stack import Stack
from tests.e2e.test_projects import PROJECTS, stepcrew
from tests.e2e.user import User, agent, crew, task

TOOL = str(PROJECTS / "order_tool/orders.py")


def deploy(user: User, identity: str, *more: str) -> dict[str, Any]:
    done = stepcrew(user, "tool", "deploy", TOOL, "--identity", identity, "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_crew_calls_the_functions_of_its_group_and_no_others(
    ada: User, bob: User, model: ScriptedModel, running: tuple[str, ScriptedModel, Stack]
) -> None:
    stack = running[2]
    functions = stack.client("lambda")
    assert ada.put("/secrets/SHOP_KEY", json={"value": "sk-shop-key-of-ada"}).status_code == 201
    mine = deploy(ada, "ada", "--name", "look_up")
    assert deploy(ada, "ada", "--name", "look_up")["function_arn"] == mine["function_arn"]
    theirs = deploy(bob, "bob")
    assert theirs["name"] == "look_up_an_order"
    api = functions.get_function(FunctionName=physical_id(stack.emulator, "ApiFunction"))["Configuration"]
    for name, arn in {"steal": theirs["function_arn"], "break_in": api["FunctionArn"]}.items():
        told = {"description": "Looks up.", "input_schema": mine["input_schema"], "function_arn": arn}
        assert ada.put(f"/tools/{name}", json=told).status_code == 201

    order = '{"order": "A-7", "lines": [{"item": "cup", "count": 2}, {"item": "pot"}]}'
    names = ["look_up", "steal", "break_in"]
    calls = " ".join(f"[[tool {name} {order}]]" for name in names)
    config = crew(
        task(f'{calls} [[tool look_up {{"order": "none"}}]] [[say Looked.]]'), agents={"worker": agent(tools=names)}
    )
    record = ada.run(config)
    assert (record["status"], record["error"]) == ("COMPLETED", None)
    answers = [str(request.body["messages"][-1]["content"]) for request in model.requests[1:]]
    assert json.loads(answers[0]) == {"order": "A-7", "pieces": "III", "key": "ada", "calls": 1, "seen": "A-7"}
    assert "steal may not be called" in answers[1]
    assert "break_in may not be called" in answers[2]
    assert "There is no such order" in answers[3]
    events = [one["event_type"] for one in ada.trace(record["execution_id"])]
    assert (events.count("tool_usage_completed"), events.count("tool_usage_failed")) == (1, 3)

    assert bob.get("/tools/look_up").status_code == 404
    assert bob.post("/executions", json={"config": config}).status_code == 422
    assert bob.post("/tools/look_up/bundle", json={"sha256": "a" * 64}).json()["parameters"]["GroupId"] == "other"
    for name, made in (("look_up", True), ("steal", False), ("break_in", False)):
        removed = stepcrew(ada, "tool", "remove", name, "--json")
        assert json.loads(removed.stdout) == {"name": name, "function_removed": made}, removed.stderr
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName=mine["function_arn"])
    functions.get_function(FunctionName=theirs["function_arn"])
    assert ada.post("/executions", json={"config": config}).status_code == 422
