"""From a cause to a running execution, for each kind of trigger, and how many executions a second are started."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from tests.e2e.user import User, crew, task

from benchmarks.report import Figure, spread
from scripted_model import scripted_model
from stepcrew.domain.signatures import standard_headers
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions, running_stack

ROUNDS, BURST, SENDERS = 6, 24, 4
BOUND_SECONDS = 5
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CREW = "started"
CONFIG = crew(task("Task 0. [[say done]]"))
NOTICE = timedelta(seconds=2)
"""A schedule for one time needs a little notice."""


class Bench:
    """A stack with a stored crew and a warm runner."""

    def __init__(self, stack: Stack, user: User) -> None:
        self.stack = stack
        self.user = user
        assert user.put(f"/crews/{CREW}", json={"config": CONFIG}).is_success
        assert user.put("/secrets/HOOK_KEY", json={"value": SECRET}).is_success
        user.run(CONFIG)

    def trigger(self, name: str, **spec: Any) -> dict[str, Any]:
        answer = self.user.put(f"/triggers/{name}", json={"crew": CREW, **spec})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def upload(self, number: int) -> tuple[str, datetime]:
        name = f"upload-{number}"
        self.trigger(name, object={"prefix": name, "contents": "none"})
        address = self.user.post(f"/inbox/{name}.txt").json()["url"]
        now = datetime.now(UTC)
        httpx.put(address, content=b"x", trust_env=False).raise_for_status()
        return name, now

    def event(self, number: int) -> tuple[str, datetime]:
        name = f"event-{number}"
        self.trigger(name, event={"pattern": {"source": [name]}})
        detail = json.dumps({"data": {"group_id": "demo"}})
        bus = self.stack.outputs["EventBusName"]
        now = datetime.now(UTC)
        entry = {"Source": name, "DetailType": "Order", "Detail": detail, "EventBusName": bus}
        self.stack.client("events").put_events(Entries=[entry])
        return name, now

    def schedule(self, number: int) -> tuple[str, datetime]:
        name, at = f"schedule-{number}", (datetime.now(UTC) + NOTICE).replace(microsecond=0)
        self.trigger(name, schedule={"expression": at.strftime("at(%Y-%m-%dT%H:%M:%S)")})
        return name, at

    def hook(self, number: int) -> tuple[str, datetime]:
        name, body = f"hook-{number}", b"{}"
        made = self.trigger(name, hook={"signature": "standard", "secret": {"secret": "HOOK_KEY"}})
        now = datetime.now(UTC)
        headers = standard_headers(SECRET, f"msg_{number}", body, now)
        answer = httpx.post(f"{self.stack.url}{made['hook_path']}", content=body, headers=headers, trust_env=False)
        assert answer.status_code == 202, answer.text
        return name, now

    def seconds(self, cause: Callable[[int], tuple[str, datetime]], number: int) -> float:
        """Until the record says that it runs."""
        name, at = cause(number)
        deadline = time.monotonic() + 60
        while not (found := self.user.get(f"/triggers/{name}/firings").json()["firings"]):
            assert time.monotonic() < deadline, f"{name} did not fire"
            time.sleep(0.1)
        return (_started_at(self.user.ended(found[0]["execution_ids"][0])) - at).total_seconds()

    def started_in_a_second(self) -> float:
        begun = datetime.now(UTC)
        with ThreadPoolExecutor(SENDERS) as senders:
            sent = [senders.submit(self.user.submit, CONFIG) for _ in range(BURST)]
            ids = [one.result() for one in sent]
        last = max(_started_at(self.user.ended(execution_id)) for execution_id in ids)
        return BURST / (last - begun).total_seconds()


def measure() -> list[Figure]:
    with scripted_model() as model:
        parameters = {"MaxRunningExecutions": str(BURST)}
        options = StackOptions(port=0, model=external_model(model.url), environment={}, parameters=parameters)
        with running_stack(options) as stack, User(stack.url, "ada") as user:
            stack.wait_until_healthy()
            bench = Bench(stack, user)
            causes = {
                "Upload": bench.upload,
                "Event on the bus": bench.event,
                "Time of a schedule": bench.schedule,
                "Signed request to a hook": bench.hook,
            }
            rows = [
                _row(name, [bench.seconds(cause, number) for number in range(ROUNDS)]) for name, cause in causes.items()
            ]
            rate = bench.started_in_a_second()
    how = f"{BURST} submissions by {SENDERS} senders, until the last one runs; its two cores run everything, crews too"
    return [*rows, Figure("Executions started a second, local stack", f"{rate:.1f}", "–", True, how)]


def _started_at(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["started_at"])


def _row(name: str, seconds: list[float]) -> Figure:
    return Figure(
        f"{name} → RUNNING",
        spread(seconds, "s"),
        f"≤ {BOUND_SECONDS} s in the median",
        sorted(seconds)[len(seconds) // 2] <= BOUND_SECONDS,
        "local stack, warm runner, one after the other; until the time that the record gives for RUNNING",
    )
