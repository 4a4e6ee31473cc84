"""Functions that a group registers as tools."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws_table import NOW
from tests.unit.api.harness import BOB, MIA, Harness, body

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:refund:live"
SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}


def tool(**more: Any) -> dict[str, Any]:
    return {"description": "Refunds an order.", "input_schema": SCHEMA, "function_arn": ARN, **more}


def crew(name: str = "refund_order", **more: Any) -> dict[str, Any]:
    sent = body()
    sent["config"]["agents"]["poet"]["tools"] = [name, "CalculatorTool"]
    sent["config"].update(more)
    return sent


def test_a_function_is_registered_listed_replaced_and_removed(harness: Harness) -> None:
    client = harness.client()
    answer = client.put("/tools/refund_order", json=tool(effects=True))
    assert answer.status_code == 201
    assert answer.json() == {
        "name": "refund_order",
        **tool(effects=True, timeout_seconds=60, secrets=[]),
        "updated_at": NOW.isoformat().replace("+00:00", "Z"),
        "updated_by": "ada@example.com",
    }
    listed = client.get("/tools").json()
    assert [one["name"] for one in listed if one["of_group"]] == ["refund_order"]
    arguments = {one["name"]: one["input_schema"]["properties"] for one in listed}
    assert (set(arguments["CalculatorTool"]), set(arguments["refund_order"])) == ({"expression"}, {"order"})
    assert client.put("/tools/refund_order", json=tool(timeout_seconds=5)).status_code == 200
    assert client.get("/tools/refund_order").json()["timeout_seconds"] == 5
    assert [client.delete("/tools/refund_order").status_code for _ in range(2)] == [204, 204]
    assert client.get("/tools/refund_order").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"function_arn": "refund"}, "/function_arn"),
        ({"function_arn": ARN.replace("eu-west-1", "us-east-1")}, "/function_arn"),
        ({"function_arn": ARN.replace("123456789012", "999999999999")}, "/function_arn"),
        ({"input_schema": {"type": "string"}}, "/input_schema"),
        ({"input_schema": {"type": "object", "properties": {"a": {"$ref": "https://example.com/x"}}}}, "/input_schema"),
        ({"description": "  "}, "/description"),
        ({"timeout_seconds": 301}, "/timeout_seconds"),
        ({"secrets": ["lower"]}, "/secrets/0"),
        ({"color": "red"}, "/color"),
    ],
)
def test_a_tool_that_cannot_be_is_told_with_its_place(harness: Harness, wrong: dict[str, Any], pointer: str) -> None:
    answer = harness.client().put("/tools/refund_order", json=tool(**wrong))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)


def test_a_name_is_one_that_models_can_call(harness: Harness) -> None:
    assert harness.client().put("/tools/Refund-Order", json=tool()).status_code == 422


def test_a_crew_names_it_and_its_execution_keeps_it_as_it_was(harness: Harness) -> None:
    client = harness.client()
    client.put("/tools/refund_order", json=tool())
    client.put("/tools/other", json=tool())
    made = client.post("/executions", json=crew(effects=["refund_order"])).json()["execution_id"]
    client.put("/tools/refund_order", json=tool(description="Changed."))
    [kept] = harness.aws.executions.submission("demo", made).tools
    assert (kept.name, kept.description, kept.function_arn) == ("refund_order", "Refunds an order.", ARN)
    assert client.put("/crews/refunds", json=crew()).status_code == 201
    stored = client.post("/executions", json={"crew": "refunds"}).json()["execution_id"]
    assert harness.aws.executions.submission("demo", stored).tools[0].description == "Changed."
    assert client.post("/executions?dry_run=true", json=crew()).status_code == 200


def test_an_unknown_one_is_told_with_what_is_near(harness: Harness) -> None:
    client = harness.client()
    client.put("/tools/refund_order", json=tool())
    fault = client.post("/executions", json=crew("refund_oder")).json()["errors"][0]
    assert (fault["pointer"], fault["code"]) == ("/config/agents/poet/tools/0", "unknown_tool")
    assert "refund_order" in fault["remedy"]
    assert harness.client(BOB).post("/executions", json=crew()).status_code == 422
    client.put("/crews/refunds", json=crew())
    client.delete("/tools/refund_order")
    gone = client.post("/executions", json={"crew": "refunds"})
    assert (gone.status_code, gone.json()["errors"][0]["pointer"]) == (422, "/crew")


def test_a_crew_without_any_is_stored_as_before(harness: Harness) -> None:
    made = harness.client().post("/executions", json=body()).json()["execution_id"]
    assert "tools" not in harness.aws.executions.submission("demo", made).model_fields_set


def test_who_deploys_one_is_told_where_its_bundle_goes_and_what_names_its_function(harness: Harness) -> None:
    client = harness.client()
    digest = "a" * 64
    upload = client.post("/tools/refund_order/bundle", json={"sha256": digest}).json()
    assert (upload["stored"], "kept/demo/bundles" in upload["url"]) == (False, True)
    place = client.get("/tools/refund_order/function").json()["parameters"]
    assert upload["parameters"] == {**place, "Bundle": digest}
    assert (place["GroupId"], place["Name"][:12]) == ("demo", "refund-order")
    theirs = harness.client(BOB).get("/tools/refund_order/function").json()["parameters"]
    assert theirs["GroupDigest"] != place["GroupDigest"]
    assert harness.client(MIA).get("/tools/refund_order/function").status_code == 403


def test_members_use_tools_and_administrators_register_them(harness: Harness) -> None:
    member = harness.client(MIA)
    assert member.put("/tools/refund_order", json=tool()).status_code == 403
    harness.client().put("/tools/refund_order", json=tool())
    assert member.get("/tools/refund_order").status_code == 200
    assert member.delete("/tools/refund_order").status_code == 403
    assert harness.client(BOB).get("/tools/refund_order").status_code == 404


def test_a_secret_that_a_function_needs_is_told_before_anything_starts(harness: Harness) -> None:
    client = harness.client()
    client.put("/tools/refund_order", json=tool(secrets=["SHOP_KEY"]))
    for address in ("/executions", "/executions?dry_run=true"):
        [fault] = client.post(address, json=crew()).json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/config/agents/poet/tools/0", "missing_secret")
        assert fault["detail"].startswith("The tool refund_order needs the secret SHOP_KEY")
        assert fault["remedy"].startswith("stepcrew secrets set SHOP_KEY")
    client.put("/secrets/SHOP_KEY", json={"value": "a-key-of-the-shop"})
    assert client.post("/executions", json=crew()).status_code == 202
