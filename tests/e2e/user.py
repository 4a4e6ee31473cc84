"""Someone who uses the product over HTTP, and the crews they submit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

TERMINAL = {"COMPLETED", "FAILED", "CANCELLED"}
PATIENCE_SECONDS = 90


class User(httpx.Client):
    """A client with the token of a demo identity."""

    def __init__(self, url: str, identity: str) -> None:
        self.url = url
        answer = httpx.post(f"{url}/auth/demo-token", json={"identity": identity}, trust_env=False)
        super().__init__(
            base_url=f"{url}/api/v1",
            headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
            timeout=60,
            trust_env=False,
        )

    def submit(self, config: dict[str, Any], **more: Any) -> str:
        answer = self.post("/executions", json={"config": config, **more})
        assert answer.status_code == 202, answer.text
        assert answer.json()["status"] == "PENDING"
        return answer.json()["execution_id"]

    def execution(self, execution_id: str) -> dict[str, Any]:
        answer = self.get(f"/executions/{execution_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, execution_id: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits until the record fulfils `reached`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached(record := self.execution(execution_id)):
            assert time.monotonic() < deadline, record
            time.sleep(0.1)
        return record

    def ended(self, execution_id: str) -> dict[str, Any]:
        """The record once it is terminal and its trace is recorded."""
        return self.until(execution_id, lambda record: record["status"] in TERMINAL and record["traces"]["complete"])

    def run(self, config: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.ended(self.submit(config, **more))

    def trace(self, execution_id: str, limit: int = 500) -> list[dict[str, Any]]:
        """All events, page by page."""
        events: list[dict[str, Any]] = []
        cursor = ""
        while True:
            query: dict[str, str | int] = {"limit": limit, "after": cursor} if cursor else {"limit": limit}
            page = self.get(f"/executions/{execution_id}/traces", params=query).json()
            events += page["events"]
            cursor = page["cursor"]
            if not page["more"]:
                return events

    def last_event(self, execution_id: str) -> dict[str, Any]:
        """The event with which the platform ends the trace of an execution whose runner could not. It is written
        right after the status."""
        self.until(execution_id, lambda _: any(one["event_source"] == "system" for one in self.trace(execution_id)))
        return self.trace(execution_id)[-1]

    def result(self, execution_id: str) -> dict[str, Any]:
        return self.get(f"/executions/{execution_id}/result").json()


def agent(role: str = "Worker", **more: Any) -> dict[str, Any]:
    return {"role": role, "goal": "Do it", "backstory": "Has done it before.", **more}


def task(description: str, name: str = "task", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "expected_output": "Text.", "agent": "worker", **more}


def crew(*tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"agents": {"worker": agent()}, "tasks": list(tasks), **more}
