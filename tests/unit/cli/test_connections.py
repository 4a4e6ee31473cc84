"""`stepcrew connections`: where a group's models are asked."""

from __future__ import annotations

import json

from tests.unit.cli.fake_api import FakeApi
from tests.unit.cli.invoking import invoke


def test_connections_are_listed_with_those_of_every_group(api: FakeApi) -> None:
    result = invoke(api, "connections", "list")
    assert result.stdout.splitlines()[1].split()[:4] == [
        "router",
        "openai",
        "https://router.example.com/v1",
        "ROUTER_KEY",
    ]
    assert "For every group: ollama" in result.stderr
    assert json.loads(invoke(api, "connections", "list", "--json").stdout)["operators"] == ["ollama"]


def test_one_is_made_and_removed(api: FakeApi) -> None:
    url = "https://vllm.example.com/v1"
    result = invoke(api, "connections", "set", "vllm", url, "--secret", "VLLM_KEY", "--fallback", "openai/gpt-4.1")
    assert result.exit_code == 0, result.stderr
    body = {"provider": "openai", "base_url": url, "secret": "VLLM_KEY", "fallbacks": ["openai/gpt-4.1"]}
    assert (api.seen[-1].method, api.seen[-1].path, api.seen[-1].body) == ("PUT", "/api/v1/connections/vllm", body)
    assert "as vllm/MODEL" in result.stderr
    assert invoke(api, "connections", "remove", "vllm").exit_code == 0
    assert (api.seen[-1].method, api.seen[-1].path) == ("DELETE", "/api/v1/connections/vllm")
