"""Crews that try to reach what is not theirs, each with the place and the code of its refusal at submission.

`change` is laid over a sound crew: what it names in `agent`, `task`, `crew` or `server` (of MCP) is set there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

SERVER = "/config/agents/worker/mcps/0"


class Hostile(NamedTuple):
    name: str
    change: dict[str, dict[str, Any]]
    pointer: str
    code: str


def crew(change: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The `config` of a submission."""
    worker: dict[str, Any] = {"role": "Worker", "goal": "Do it", "backstory": "Old", **change.get("agent", {})}
    if "server" in change:
        worker["mcps"] = [{"url": "https://mcp.example.com/", **change["server"]}]
    task = {
        "name": "t",
        "description": "Do.",
        "expected_output": "Text.",
        "agent": "worker",
        **change.get("task", {}),
    }
    return {"agents": {"worker": worker}, "tasks": [task], **change.get("crew", {})}


def _server(name: str, code: str, **server: Any) -> Hostile:
    place = f"{SERVER}/headers/{next(iter(server['headers']))}" if "headers" in server else SERVER
    return Hostile(name, {"server": server}, place, code)


INSIDE = [
    *("https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://localhost/"),
    *("https://169.254.169.254/latest/", "https://10.0.0.1/", "https://[::1]/", "https://[::127.0.0.1]/"),
    *("https://[::ffff:169.254.169.254]/", "https://[::ffff:0:7f00:1]/", "https://[64:ff9b:1::a9fe:a9fe]/"),
    *("https://[64:ff9b::a9fe:a9fe]/", "https://[fd00:ec2::254]/", "https://[2002:7f00:1::]/", "https://a.internal/"),
]

HOSTILE = [
    *(_server(f"a server at {address}", "mcp_address", url=address) for address in INSIDE),
    _server("a server without encryption", "mcp_address", url="http://mcp.example.com/"),
    _server("a server behind a file", "mcp_address", url="file:///etc/passwd"),
    _server("a password in an address", "mcp_address", url="https://u:p@mcp.example.com/"),
    _server("a key in an address", "mcp_address", url="https://mcp.example.com/?api_key=abc"),
    _server("a key in plain text", "plain_secret", headers={"Authorization": "Bearer abc"}),
    _server("a key in a header with another name", "plain_secret", headers={"X-Custom": "Bearer abc"}),
    _server("a second line in a header", "header_value", headers={"X-Custom": "a\r\nHost: inside"}),
    _server("the storage endpoint as a secret", "secret_name", headers={"X-A": {"secret": "AWS_ENDPOINT_URL_S3"}}),
    _server("the model endpoint as a secret", "secret_name", headers={"X-A": {"secret": "OPENAI_BASE_URL"}}),
    _server("the operator's key as a secret", "secret_name", headers={"X-A": {"secret": "OPENAI_API_KEY"}}),
    _server("a proxy as a secret", "secret_name", headers={"X-A": {"secret": "HTTPS_PROXY"}}),
    _server("a secret the group lacks", "missing_secret", headers={"X-A": {"secret": "SOMEBODY_ELSES"}}),
    Hostile("a process as a server", {"server": {"command": "sh"}}, f"{SERVER}/command", "refused"),
    Hostile(
        "a tool that reads files",
        {"agent": {"tools": ["DirectoryReadTool"]}},
        "/config/agents/worker/tools/0",
        "unknown_tool",
    ),
    Hostile(
        "a tool by its module", {"agent": {"tools": ["os:system"]}}, "/config/agents/worker/tools/0", "unknown_tool"
    ),
    Hostile(
        "an endpoint of its own",
        {"agent": {"llm": {"model": "openai/x", "base_url": "https://x.example"}}},
        "/config/agents/worker/llm/base_url",
        "refused",
    ),
    Hostile(
        "a key of its own",
        {"agent": {"llm": {"model": "openai/x", "api_key": "sk-x"}}},
        "/config/agents/worker/llm/api_key",
        "refused",
    ),
    Hostile("code", {"agent": {"allow_code_execution": True}}, "/config/agents/worker/allow_code_execution", "refused"),
    Hostile("a callback", {"agent": {"step_callback": "os.system"}}, "/config/agents/worker/step_callback", "refused"),
    Hostile("a file", {"task": {"output_file": "/etc/cron.d/x"}}, "/config/tasks/0/output_file", "value_error"),
    Hostile(
        "a schema elsewhere",
        {"task": {"output_json": {"type": "object", "properties": {"a": {"$ref": "http://169.254.169.254/x"}}}}},
        "/config/tasks/0/output_json/properties/a/$ref",
        "json_schema",
    ),
    Hostile(
        "a schema in a file",
        {"task": {"output_json": {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}}}},
        "/config/tasks/0/output_json/properties/a/$ref",
        "json_schema",
    ),
]
