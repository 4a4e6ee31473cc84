"""Where faults are injected: the whole local stack behind the proxy, and what is found after an execution."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from scripted_model import ScriptedModel, scripted_model
from stepcrew_local.deploy import physical_id
from stepcrew_local.emulator import ACCOUNT
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions, running_stack
from tests.e2e.receiver import RECEIVER_PORT
from tests.e2e.user import TERMINAL, User
from tests.faults.cases import TASKS, Case, Expected, Found, events_wrong, usage_wrong, wrong
from tests.faults.proxy import Plan, Proxy, running_proxy

PATIENCE_SECONDS = 120
SETTLING_SECONDS = 40
LOOK_SECONDS = 0.25
AT_ONCE = 8
REDELIVERY_SECONDS = "3"
"""After which the queue hands out a message again that a dead sink had taken; a test does not wait a minute."""
WAIT_SCALE = 0.2
SWEEPS_SOON = {"SWEEP_LOST_SECONDS": "0", "SWEEP_SILENT_SECONDS": "1"}


Seen = TypeVar("Seen")


def seen(look: Callable[[], Seen | None], what: str, pause: float = LOOK_SECONDS) -> Seen:
    """What `look` answers once it answers something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(pause)
    return found


class FaultHarness:
    """Runs cases on a local stack whose calls to AWS pass the proxy."""

    def __init__(self, proxy: Proxy, model: ScriptedModel, stack: Stack, user: User) -> None:
        self.proxy = proxy
        self.model = model
        self.stack = stack
        self.user = user
        self._table = stack.client("dynamodb")
        self._reconciler = physical_id(stack.emulator, "ReconcilerFunction")

    def run(self, cases: Iterable[Case], at_once: int = AT_ONCE) -> dict[str, Found]:
        """What each case left behind, by its key; several run at the same time."""
        cases = list(cases)
        with ThreadPoolExecutor(at_once) as pool:
            found = list(pool.map(self._run, cases))
        return dict(zip([case.key for case in cases], found, strict=True))

    def _run(self, case: Case) -> Found:
        plan = self.proxy.add(Plan(case.key, case.faults, hold=case.hold))
        try:
            return self._ran(case, plan)
        except AssertionError as error:  # what was waited for did not come; the other cases go on
            return Found({}, {}, "", [f"never happened: {error}"], plan)

    def _ran(self, case: Case, plan: Plan) -> Found:
        execution_id = self._abandon(case.body, plan) if case.abandoned else self._accepted(case.body, case.key)
        if case.during:
            case.during(execution_id, plan)
        self.until(execution_id, *TERMINAL)
        if case.hold:
            self._deliver(plan)
        return self.found(case.expected, execution_id, plan)

    def _deliver(self, plan: Plan) -> None:
        """What the queue seemed to have taken: the last message first, and each of them twice."""
        queue = self.stack.client("sqs")
        for message in reversed(plan.held):
            for copy in ("a", "b"):
                queue.send_message(
                    **{**message, "MessageDeduplicationId": f"{message['MessageDeduplicationId']}{copy}"}
                )

    def submit(self, config: dict[str, Any], key: str) -> str:
        return self._accepted({"config": config}, key)

    def _accepted(self, body: dict[str, Any], key: str) -> str:
        """As a careful client does: the same request again until there is an answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.user.post("/executions", json=body, headers={"Idempotency-Key": key})
            if answer.status_code == 202:
                return answer.json()["execution_id"]
            assert answer.status_code in (409, 500, 502, 503), answer.text
            assert time.monotonic() < deadline, answer.text
            time.sleep(LOOK_SECONDS)

    def _abandon(self, body: dict[str, Any], plan: Plan) -> str:
        answer = self.user.post("/executions", json=body, headers={"Idempotency-Key": plan.marker.decode()})
        assert answer.status_code >= 500, answer.text
        return plan.execution_id

    def sweep(self) -> None:
        """Does now what the next minute would do."""
        event = json.dumps({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})
        answer = self.stack.client("lambda").invoke(FunctionName=self._reconciler, Payload=event)
        assert json.loads(answer["Payload"].read())["failures"] == 0

    def post(self, path: str, body: dict[str, Any] | None = None) -> int:
        """As a careful client does. Answers the status that is no fault of the platform's."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := self.user.post(path, json=body)).status_code >= 500:
            assert time.monotonic() < deadline, answer.text
            time.sleep(LOOK_SECONDS)
        return answer.status_code

    def until(self, execution_id: str, *statuses: str) -> dict[str, Any]:
        """The record once it has one of the statuses. Waits by looking into the table: many at once would keep the API
        busy."""
        record = {"PK": {"S": f"GROUP#demo#EXECUTION#{execution_id}"}, "SK": {"S": "EXECUTION"}}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = self._table.get_item(TableName=self.stack.outputs["TableName"], Key=record, ConsistentRead=True)
            if found["Item"]["status"]["S"] in statuses:
                return self.get(f"/executions/{execution_id}")
            assert time.monotonic() < deadline, found["Item"]
            time.sleep(LOOK_SECONDS)

    def get(self, path: str) -> dict[str, Any]:
        """As a careful client does: again while the platform does not answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := self.user.get(path)).status_code >= 500:
            assert time.monotonic() < deadline, answer.text
            time.sleep(LOOK_SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def called(self, text: str, times: int = 1) -> None:
        """Waits until the model was asked something with this text so often."""
        seen(lambda: len(self.model.mentioning(text)) >= times or None, text, 0.02)

    def answered(self, plan: Plan, function: str, name: str) -> None:
        """Waits until AWS has answered such a call."""
        seen(lambda: (function, name) in plan.answered or None, f"{function} never came to {name}", 0.02)

    def found(self, expected: Expected, execution_id: str, plan: Plan) -> Found:
        key = plan.marker.decode()
        record, trace = self._settled(execution_id, expected)
        gaps = trace["gaps"]
        calls = {name: self._calls(name, key) for name in TASKS}
        problems = [
            *wrong("status", record["status"], expected.status),
            *wrong("attempts", record["attempt"], expected.attempts),
            *wrong("model calls", calls, {name: expected.calls.get(name, 1) for name in TASKS}),
            *usage_wrong(record["usage"]["model_calls"], sum(calls.values()), expected.unknown),
            *wrong("attempts without an end of trace", tuple(gap["attempt"] for gap in gaps), expected.died),
            *wrong("trace is complete", record["traces"]["complete"], not expected.died),
            *events_wrong(trace["events"], gaps),
        ]
        if expected.status == "COMPLETED":
            texts = {"first": "ONE", "second": "TWO", "third": "THREE"}
            problems += wrong("outputs", self._outputs(execution_id), [texts[name] for name in TASKS if calls[name]])
        return Found(record, calls, _trace(gaps), problems, plan)

    def _calls(self, name: str, key: str) -> int:
        return len(self.model.mentioning(f"Do {name} of {key}."))

    def _outputs(self, execution_id: str) -> list[str]:
        return [one["raw"] for one in self.get(f"/executions/{execution_id}/result")["tasks"]]

    def _settled(self, execution_id: str, expected: Expected) -> tuple[dict[str, Any], dict[str, Any]]:
        """The record, and all of its trace, once nothing is missing but the ends of attempts that died; or after some
        patience, as they are then."""
        deadline = time.monotonic() + SETTLING_SECONDS
        while True:
            trace = self.get(f"/executions/{execution_id}/traces?limit=500")
            gaps = {gap["attempt"] for gap in trace["gaps"]}
            if gaps == set(expected.died) or time.monotonic() > deadline:
                return self.get(f"/executions/{execution_id}"), trace
            time.sleep(LOOK_SECONDS)


def _trace(gaps: list[dict[str, Any]]) -> str:
    return ", ".join(f"end of attempt {gap['attempt']} open" for gap in gaps) or "complete"


@contextmanager
def running_harness(**for_runner: str) -> Generator[FaultHarness]:
    """`for_runner` are environment variables of the runner."""
    with scripted_model() as model, running_proxy() as proxy:
        more = {"RunnerFunction": for_runner, "ReconcilerFunction": SWEEPS_SOON}
        options = StackOptions(
            port=0,
            model=external_model(model.url),
            environment={},
            for_functions={
                function: {"AWS_ENDPOINT_URL": url, **more.get(function, {})} for function, url in proxy.urls().items()
            },
            wait_scale=WAIT_SCALE,
            # The administrator delivers what the proxy held back.
            parameters={"RedriveSenderId": ACCOUNT, "WebhookInsideUrls": f"http://127.0.0.1:{RECEIVER_PORT}"},
        )
        with running_stack(options) as stack:
            proxy.target = stack.emulator.url
            stack.wait_until_healthy()
            stack.client("sqs").set_queue_attributes(
                QueueUrl=stack.outputs["TraceQueueUrl"], Attributes={"VisibilityTimeout": REDELIVERY_SECONDS}
            )
            with User(stack.url, "ada") as user:
                user.timeout = httpx.Timeout(60)
                yield FaultHarness(proxy, model, stack, user)
