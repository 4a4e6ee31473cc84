"""Every route of the committed OpenAPI document, as tests that walk them all need it.

A route with a path parameter or a body that is unknown here fails those tests, so nobody adds one that is not walked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

DOCUMENT = Path(__file__).parent.parent / "docs/openapi.json"
CREW: dict[str, Any] = {
    "agents": {"poet": {"role": "Poet", "goal": "Write", "backstory": "Old"}},
    "tasks": [{"name": "haiku", "description": "Write a haiku.", "expected_output": "A haiku", "agent": "poet"}],
}
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/v1/executions": {"config": CREW},
    "POST /api/v1/executions/{execution_id}/feedback": {"decision": "approve"},
    "POST /api/v1/executions/{execution_id}/rerun": {},
    "PUT /api/v1/crews/{name}": {"config": CREW},
    "POST /api/v1/crews/{name}/rollback": {"version": 1},
    "PUT /api/v1/crews/{name}/aliases/{alias}": {},
    "POST /api/v1/projects/{name}/bundle": {"sha256": "a" * 64},
    "POST /api/v1/projects/read": {"name": "walked", "files": {"crew.json": json.dumps(CREW)}},
    "PUT /api/v1/projects/{name}": {
        "project": {"bundle": "a" * 64, "entry": "main:crew", "kind": "crew", "function": "stack-project-x:1"}
    },
    "PUT /api/v1/secrets/{name}": {"value": "a value of a secret"},
    "PUT /api/v1/budgets": {"group_usd": 10_000, "crews": {"poems": 5}},
    "PUT /api/v1/prices": {"models": {"openai/own": {"input_usd": 0.1, "output_usd": 0.4}}},
    "PUT /api/v1/triggers/{name}": {"crew": "walked", "object": {}},
    "POST /api/v1/triggers/{name}/test": {"document": {}},
    "POST /api/v1/tools/{name}/bundle": {"sha256": "a" * 64},
    "PUT /api/v1/tools/{name}": {
        "description": "Walks.",
        "input_schema": {"type": "object", "properties": {}},
        "function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:walked",
    },
    "PUT /api/v1/connections/{name}": {"base_url": "https://models.example.com/v1"},
    "PUT /api/v1/files/{name}": {"sha256": "0" * 64, "bytes": 1},
    "PUT /api/v1/webhooks/{name}": {"url": "https://receiver.example.com/walked", "format": "slack"},
    "PUT /api/v1/decision-links": {"enabled": True},
    "POST /api/v1/memory/reembed": {"scope": "/crews/walked", "embedder": "openai/walked"},
    "POST /api/v1/mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
    "POST /api/v1/batches": {"crew": "walked", "inputs": [{}]},
    "POST /api/v1/amp/{name}/kickoff": {"inputs": {}},
    "POST /api/v1/amp/{name}/resume": {
        "execution_id": "none",
        "task_id": "haiku",
        "human_feedback": "Good.",
        "is_approve": True,
    },
}
NEEDS_AN_UPLOAD = {"PUT /api/v1/projects/{name}": 422}
"""What a route answers whose body names a bundle that the group has not uploaded."""
NAMES = {
    "/api/v1/crews/{name}": "walked",
    "/api/v1/amp/{name}": "walked",
    "/api/v1/secrets/{name}": "WALKED_KEY",
    "/api/v1/tools/{name}": "walked",
    "/api/v1/connections/{name}": "walked",
    "/api/v1/triggers/{name}": "walked",
    "/api/v1/webhooks/{name}": "walked",
    "/api/v1/inbox/{name}": "walked.txt",
    "/api/v1/files/{name}": "walked.txt",
}
QUERIES = {"/api/v1/memory/search": "?scope=/crews/walked&query=what"}
"""Of routes that are asked nothing without one."""
PARAMETERS = {
    "name": "walked",
    "alias": "walked",
    "index": "0",
    "batch_id": "walked",
    "erasure_id": "walked",
    "user": "walked@example.com",
    "group_id": "demo",
    "number": "1",
    "event_id": "1.1",
    "firing_id": "0" * 32,
    "delivery_id": f"msg_{'0' * 32}",
    "address": "demo.nothing",
    "record_id": "0" * 32,
    "scope": "crews/walked",
    "queue": "trace",
}


class Route(NamedTuple):
    """`role` is the one it needs, null where everybody may call it; `path` begins with /api/v1."""

    method: str
    path: str
    role: str | None
    has_body: bool

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def body(self) -> dict[str, Any] | None:
        return BODIES[self.label] if self.has_body else None

    def address(self, execution_id: str) -> str:
        """With the names of things that the tests have made."""
        values = PARAMETERS | {"execution_id": execution_id}
        for path, name in NAMES.items():
            if self.path.startswith(path):
                values["name"] = name
        return self.path.format_map(values) + QUERIES.get(self.path, "")


def all_routes() -> list[Route]:
    paths = json.loads(DOCUMENT.read_text())["paths"]
    return [
        Route(method.upper(), path, operation.get("x-required-role"), "requestBody" in operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


def guarded_routes() -> list[Route]:
    return [route for route in all_routes() if route.role is not None]
