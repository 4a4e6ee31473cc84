"""Model connections of a group, and the names of the operator's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws_table import NOW
from tests.unit.api.harness import BOB, MIA, Harness, body

URL = "https://openrouter.ai/api/v1"


def connection(**more: Any) -> dict[str, Any]:
    return {"base_url": URL, "secret": "ROUTER_KEY", **more}


def crew(model: str = "router/meta-llama/llama-3.3-70b") -> dict[str, Any]:
    sent = body()
    sent["config"]["agents"]["poet"]["llm"] = model
    return sent


def test_a_connection_is_made_listed_replaced_and_removed(harness: Harness) -> None:
    client = harness.client()
    answer = client.put("/connections/router", json=connection())
    assert answer.status_code == 201
    assert answer.json() == {
        "name": "router",
        "provider": "openai",
        **connection(),
        "fallbacks": [],
        "updated_at": NOW.isoformat().replace("+00:00", "Z"),
        "updated_by": "ada@example.com",
    }
    assert client.put("/connections/router", json=connection(provider="anthropic")).status_code == 200
    listed = client.get("/connections").json()
    assert ([one["provider"] for one in listed["connections"]], listed["operators"]) == (["anthropic"], ["ollama"])
    assert [client.delete("/connections/router").status_code for _ in range(2)] == [204, 204]
    assert client.get("/connections/router").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        *(
            ({"base_url": url}, "/base_url")
            for url in ("http://example.com/v1", "example.com", "https://", "https://[")
        ),
        *(
            ({"base_url": f"https://{host}/v1"}, "/base_url")
            for host in ("localhost", "10.0.0.1", "127.1", "db.internal")
        ),
        *(({"base_url": f"https://example.com{end}"}, "/base_url") for end in ("?key=x", "#x")),
        ({"base_url": "https://user:word@example.com/v1"}, "/base_url"),
        ({"provider": "gemini"}, "/provider"),
        ({"secret": "lower"}, "/secret"),
        ({"api_key": "sk-1"}, "/api_key"),
        ({"fallbacks": ["openai/gpt-4.1", "router/x"]}, "/fallbacks/1"),
        ({"fallbacks": ["nobody/x"]}, "/fallbacks/0"),
    ],
)
def test_one_that_cannot_be_is_told_with_its_place(harness: Harness, wrong: dict[str, Any], pointer: str) -> None:
    answer = harness.client().put("/connections/router", json=connection(**wrong))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("name", ["openai", "bedrock", "claude", "ollama"])
def test_a_name_that_stands_for_something_else_is_refused(harness: Harness, name: str) -> None:
    assert harness.client().put(f"/connections/{name}", json=connection()).json()["errors"][0]["code"] == "name_taken"


def test_a_crew_names_its_models_and_its_execution_keeps_it_as_it_was(harness: Harness) -> None:
    client = harness.client()
    client.put("/connections/router", json=connection())
    client.put("/connections/other", json=connection())
    client.put("/secrets/ROUTER_KEY", json={"value": "sk-of-the-router"})
    made = client.post("/executions", json=crew()).json()["execution_id"]
    client.put("/connections/router", json=connection(base_url="https://example.com/v1"))
    [kept] = harness.aws.executions.submission("demo", made).connections
    assert (kept.name, kept.base_url, kept.secret) == ("router", URL, "ROUTER_KEY")
    assert "sk-of-the-router" not in kept.model_dump_json()
    assert client.put("/crews/routed", json=crew()).status_code == 201
    told = client.post("/executions?dry_run=true", json=crew()).json()
    assert "router/meta-llama/llama-3.3-70b" in told["models"]


def test_a_missing_key_is_told_before_anything_starts(harness: Harness) -> None:
    client = harness.client()
    client.put("/connections/router", json=connection())
    fault = client.post("/executions", json=crew()).json()["errors"][0]
    assert (fault["pointer"], fault["code"]) == ("/config/agents/poet/llm", "missing_secret")
    assert "The connection router needs the secret ROUTER_KEY" in fault["detail"]
    client.put("/connections/router", json=connection(secret=None))
    assert client.post("/executions", json=crew()).status_code == 202


def test_an_unknown_one_is_told_with_those_there_are(harness: Harness) -> None:
    harness.client().put("/connections/router", json=connection(secret=None))
    fault = harness.client().post("/executions", json=crew("ruter/x")).json()["errors"][0]
    assert (fault["pointer"], fault["code"]) == ("/config/agents/poet/llm", "unknown_model")
    assert "ollama, router" in fault["remedy"]
    assert harness.client(BOB).post("/executions", json=crew()).status_code == 422
    assert harness.client(BOB).post("/executions", json=crew("ollama/llama3.2")).status_code == 202


def test_members_use_connections_and_administrators_make_them(harness: Harness) -> None:
    member = harness.client(MIA)
    assert member.put("/connections/router", json=connection()).status_code == 403
    harness.client().put("/connections/router", json=connection())
    assert member.get("/connections/router").status_code == 200
    assert member.delete("/connections/router").status_code == 403
    assert harness.client(BOB).get("/connections/router").status_code == 404


def test_fallbacks_are_checked_like_every_model(harness: Harness) -> None:
    client = harness.client()
    client.put("/connections/router", json=connection())
    sent = crew()
    sent["config"]["agents"]["poet"]["llm"] = {"model": "openai/gpt-4.1", "fallbacks": ["router/x", "nobody/y"]}
    faults = {fault["pointer"]: fault["code"] for fault in client.post("/executions", json=sent).json()["errors"]}
    place = "/config/agents/poet/llm/fallbacks"
    assert faults == {f"{place}/0": "missing_secret", f"{place}/1": "unknown_model"}
    client.put("/secrets/ROUTER_KEY", json={"value": "sk-of-the-router"})
    sent["config"]["agents"]["poet"]["llm"]["fallbacks"] = ["router/x"]
    made = client.post("/executions", json=sent).json()["execution_id"]
    assert [one.name for one in harness.aws.executions.submission("demo", made).connections] == ["router"]
    sent["config"]["agents"]["poet"]["llm"]["fallbacks"] = []
    assert client.post("/executions", json=sent).status_code == 422


def test_fallbacks_of_a_connection_are_checked_and_kept_with_what_names_its_models(harness: Harness) -> None:
    client = harness.client()
    client.put("/connections/spare", json=connection(secret="SPARE_KEY"))
    fallbacks = ["spare/x", "openai/gpt-4.1", "anthropic/claude-opus-4-5"]
    made = client.put("/connections/router", json=connection(secret=None, fallbacks=fallbacks))
    assert (made.status_code, made.json()["fallbacks"]) == (201, fallbacks)
    errors = client.post("/executions", json=crew()).json()["errors"]
    assert {(one["pointer"], one["code"]) for one in errors} == {
        ("/config/agents/poet/llm", "missing_secret"),
        ("/config/agents/poet/llm", "model_not_allowed"),
    }
    client.put("/secrets/SPARE_KEY", json={"value": "sk-of-the-spare"})
    client.put("/connections/router", json=connection(secret=None, fallbacks=fallbacks[:2]))
    execution_id = client.post("/executions", json=crew()).json()["execution_id"]
    kept = harness.aws.executions.submission("demo", execution_id).connections
    assert [(one.name, one.fallbacks) for one in kept] == [("router", fallbacks[:2]), ("spare", [])]
    sent = crew()
    sent["config"]["agents"]["poet"]["llm"] = {"model": "router/x", "fallbacks": ["openai/gpt-4.1"]}
    execution_id = client.post("/executions", json=sent).json()["execution_id"]
    assert [one.name for one in harness.aws.executions.submission("demo", execution_id).connections] == ["router"]


def test_the_group_says_what_models_of_a_connection_cost(harness: Harness) -> None:
    client = harness.client()
    client.put("/connections/router", json=connection(secret=None))
    price = {"input_usd": 0.5, "output_usd": 1.5}
    assert client.put("/prices", json={"models": {"router/x": price}}).status_code == 200
    made = client.post("/executions", json=crew("router/x")).json()["execution_id"]
    assert list(harness.aws.executions.submission("demo", made).model_prices) == ["router/x"]
