"""Where the API's things are. Names and ids are quoted: none leads to another path."""

from __future__ import annotations

from urllib.parse import quote

API = "/api/v1"


def execution_path(execution_id: str) -> str:
    return f"{API}/executions/{quote(execution_id, safe='')}"


def crew_path(name: str) -> str:
    return f"{API}/crews/{quote(name, safe='')}"


def alias_path(name: str, alias: str) -> str:
    return f"{crew_path(name)}/aliases/{quote(alias, safe='')}"


def project_path(name: str) -> str:
    return f"{API}/projects/{quote(name, safe='')}"


def tool_path(name: str) -> str:
    return f"{API}/tools/{quote(name, safe='')}"


def connection_path(name: str) -> str:
    return f"{API}/connections/{quote(name, safe='')}"


def secret_path(name: str) -> str:
    return f"{API}/secrets/{quote(name, safe='')}"


def trigger_path(name: str) -> str:
    return f"{API}/triggers/{quote(name, safe='')}"


def webhook_path(name: str) -> str:
    return f"{API}/webhooks/{quote(name, safe='')}"
