from __future__ import annotations

from typing import Any

import pytest

from tests.unit.api.harness import ADA, BOB, VERA, Harness, body

CANARY = "canary-5e1f0a7b-value"


def with_server(header: str = "Authorization", secret: str = "MCP_KEY") -> dict[str, Any]:
    sent = body()
    sent["config"]["agents"]["poet"]["mcps"] = [
        {"url": "https://mcp.example.com/", "headers": {header: {"secret": secret}}}
    ]
    return sent


def test_a_secret_is_set_listed_with_who_uses_it_and_removed(harness: Harness) -> None:
    client = harness.client()
    answer = client.put("/secrets/MCP_KEY", json={"value": CANARY})
    assert answer.status_code == 201
    assert client.put("/secrets/MCP_KEY", json={"value": f"{CANARY}-2"}).status_code == 200
    client.put("/crews/poems", json=with_server())
    [listed] = client.get("/secrets").json()["secrets"]
    assert (listed["name"], listed["set_by"], listed["crews"]) == ("MCP_KEY", "ada@example.com", ["poems"])
    assert listed["set_at"]
    assert [client.delete("/secrets/MCP_KEY").status_code for _ in range(2)] == [204, 204]
    assert client.get("/secrets").json() == {"secrets": []}


def test_the_value_goes_where_the_runner_reads_it_and_is_never_answered(harness: Harness) -> None:
    client = harness.client()
    answers = [
        client.put("/secrets/MCP_KEY", json={"value": CANARY}),
        client.put("/secrets/MCP_KEY", json={"value": [CANARY]}),
        client.put("/secrets/MCP_KEY", json={"value": f"{CANARY}\x00"}),
        client.put("/secrets/MCP_KEY", json={"value": CANARY, "more": CANARY}),
        client.put("/secrets/AWS_PROFILE", json={"value": CANARY}),
        client.get("/secrets"),
        client.post("/executions?dry_run=true", json=with_server()),
    ]
    assert [answer.status_code for answer in answers] == [201, 422, 422, 422, 422, 200, 200]
    assert all(CANARY not in answer.text for answer in answers)
    kept = harness.aws.clients.ssm.get_parameter(Name="/stepcrew/test/groups/demo/MCP_KEY", WithDecryption=True)
    assert (kept["Parameter"].get("Value"), kept["Parameter"].get("Type")) == (CANARY, "SecureString")


def test_a_secret_of_another_group_is_neither_seen_nor_used_nor_removed(harness: Harness) -> None:
    harness.client().put("/secrets/MCP_KEY", json={"value": CANARY})
    stranger = harness.client({**BOB, "role": "admin"})
    assert stranger.get("/secrets").json() == {"secrets": []}
    assert stranger.delete("/secrets/MCP_KEY").status_code == 204
    assert stranger.post("/executions", json=with_server()).status_code == 422
    assert [one["name"] for one in harness.client().get("/secrets").json()["secrets"]] == ["MCP_KEY"]


def test_a_viewer_sees_names_and_changes_nothing(harness: Harness) -> None:
    harness.client().put("/secrets/MCP_KEY", json={"value": CANARY})
    viewer = harness.client(VERA)
    assert viewer.put("/secrets/MCP_KEY", json={"value": "other-value"}).status_code == 403
    assert viewer.delete("/secrets/MCP_KEY").status_code == 403
    assert len(viewer.get("/secrets").json()["secrets"]) == 1


@pytest.mark.parametrize(
    "name",
    [
        *("AWS_ENDPOINT_URL_S3", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "HTTPS_PROXY", "LD_PRELOAD", "PYTHONPATH"),
        *("PATH", "TABLE_NAME", "SSL_CERT_FILE", "ANTHROPIC_BASE_URL", "MY_ENDPOINT_URL", "CREWAI_STORAGE_DIR"),
    ],
)
def test_no_secret_has_the_name_of_a_setting_of_the_platform_or_a_library(harness: Harness, name: str) -> None:
    client = harness.client()
    assert client.put(f"/secrets/{name}", json={"value": CANARY}).status_code == 422
    answer = client.post("/executions", json=with_server(secret=name))
    fault = answer.json()["errors"][0]
    assert (fault["pointer"], fault["code"]) == (
        "/config/agents/poet/mcps/0/headers/Authorization",
        "secret_name",
    )


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"])
def test_a_key_of_a_model_provider_is_stored_for_projects_and_no_definition_uses_it(
    harness: Harness, name: str
) -> None:
    client = harness.client()
    assert client.put(f"/secrets/{name}", json={"value": CANARY}).status_code == 201
    [fault] = client.post("/executions", json=with_server(secret=name)).json()["errors"]
    assert (fault["pointer"], fault["code"]) == (
        "/config/agents/poet/mcps/0/headers/Authorization",
        "secret_name",
    )


@pytest.mark.parametrize("name", ["mcp_key", "1KEY", "A-B", "A.B", "..", "A%2FB", "K" * 101])
def test_a_secrets_name_is_checked(harness: Harness, name: str) -> None:
    assert harness.client().put(f"/secrets/{name}", json={"value": CANARY}).status_code in {404, 405, 422}
    assert harness.client().get("/secrets").json() == {"secrets": []}


@pytest.mark.parametrize("value", ["", "abc", "   a   ", "x" * 4097, "a\u0000bcdef", "abc\u202edef"])
def test_a_secrets_value_is_checked(harness: Harness, value: str) -> None:
    answer = harness.client().put("/secrets/MCP_KEY", json={"value": value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/value")


def test_missing_secrets_are_told_at_submission_and_in_the_dry_run_by_their_places(harness: Harness) -> None:
    sent = with_server("x-api-key", "MCP_KEY")
    sent["config"]["agents"]["poet"]["tools"] = ["CalculatorTool", "SerperDevTool"]
    sent["config"]["tasks"][0]["tools"] = ["BraveSearchTool"]
    client = harness.client()
    for address in ("/executions", "/executions?dry_run=true"):
        answer = client.post(address, json=sent)
        assert answer.status_code == 422
        assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
            ("/config/agents/poet/tools/1", "missing_secret"),
            ("/config/tasks/0/tools/0", "missing_secret"),
            ("/config/agents/poet/mcps/0/headers/x-api-key", "missing_secret"),
        ]
    for name in ("MCP_KEY", "SERPER_API_KEY", "BRAVE_API_KEY"):
        client.put(f"/secrets/{name}", json={"value": CANARY})
    assert client.post("/executions?dry_run=true", json=sent).status_code == 200


def test_a_tools_key_may_be_lent_by_the_operator_and_a_headers_may_not(harness: Harness) -> None:
    for name in ("SERPER_API_KEY", "MCP_KEY"):
        harness.aws.clients.ssm.put_parameter(Name=f"/stepcrew/test/operator/{name}", Value=CANARY, Type="SecureString")
    sent = with_server()
    sent["config"]["agents"]["poet"]["tools"] = ["SerperDevTool"]
    faults = harness.client().post("/executions", json=sent).json()["errors"]
    assert [fault["pointer"] for fault in faults] == ["/config/agents/poet/mcps/0/headers/Authorization"]


def test_a_secret_missing_for_a_stored_crew_is_told_by_the_crews_name(harness: Harness) -> None:
    client = harness.client()
    assert client.put("/crews/poems", json=with_server()).status_code == 201
    faults = client.post("/executions", json={"crew": "poems"}).json()["errors"]
    assert [(fault["pointer"], fault["code"]) for fault in faults] == [("/crew", "missing_secret")]


def test_what_an_operator_put_into_the_store_by_hand_counts_and_has_no_author(harness: Harness) -> None:
    client = harness.client()
    client.put("/secrets/MCP_KEY", json={"value": CANARY})
    harness.aws.clients.ssm.put_parameter(
        Name="/stepcrew/test/groups/demo/MCP_KEY", Value="by-hand", Type="SecureString", Overwrite=True
    )
    assert [one["set_by"] for one in client.get("/secrets").json()["secrets"]] == [None]


def test_a_group_has_so_many_secrets_at_most(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepcrew.services.keep_secrets.MOST_OF_A_GROUP", 2)
    client = harness.client(ADA)
    codes = [client.put(f"/secrets/KEY_{n}", json={"value": CANARY}).status_code for n in (1, 2, 3, 1)]
    assert codes == [201, 201, 422, 200]


@pytest.mark.parametrize(
    "header",
    [
        *("Authorization", "Proxy-Authorization", "X-Api-Key", "Cookie", "X-Session-Id", "X-JWT", "X-Signature"),
        *("X-Pat", "X-Access-Token", "Ocp-Apim-Subscription-Key", "X-Pwd"),
    ],
)
def test_a_header_that_carries_credentials_takes_a_secret_by_name_only(harness: Harness, header: str) -> None:
    sent = with_server(header)
    harness.client().put("/secrets/MCP_KEY", json={"value": CANARY})
    assert harness.client().post("/executions?dry_run=true", json=sent).status_code == 200
    sent["config"]["agents"]["poet"]["mcps"][0]["headers"][header] = "abc"
    fault = harness.client().post("/executions?dry_run=true", json=sent).json()["errors"][0]
    assert (fault["code"], fault["pointer"]) == ("plain_secret", f"/config/agents/poet/mcps/0/headers/{header}")


def test_a_secret_in_the_query_of_a_servers_address_is_refused(harness: Harness) -> None:
    sent = body()
    sent["config"]["agents"]["poet"]["mcps"] = ["https://mcp.example.com/?api_key=abc"]
    fault = harness.client().post("/executions?dry_run=true", json=sent).json()["errors"][0]
    assert (fault["code"], fault["pointer"]) == ("mcp_address", "/config/agents/poet/mcps/0")
