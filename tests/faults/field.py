"""Where faults are injected: the whole local stack behind the proxy, and what is found after an execution."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx

from scripted_model import ScriptedModel, scripted_model
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions, running_stack
from tests.e2e.user import TERMINAL, User, crew, task
from tests.faults.proxy import Fault, Plan, Proxy, running_proxy

PATIENCE_SECONDS = 120
SETTLING_SECONDS = 40
LOOK_SECONDS = 0.25
AT_ONCE = 8
REDELIVERY_SECONDS = "3"
"""After which the queue hands out a message again that a dead sink had taken; a test does not wait a minute."""
WAIT_SCALE = 0.2
TASKS = ("first", "second", "third")


class Expected(NamedTuple):
    """`repeated` are the model calls beyond one for each task; `died` are the attempts that could not say how many
    events they emitted; `unknown` are model calls whose use nobody learned: their caller was dead when they ended."""

    status: str = "COMPLETED"
    attempts: int = 1
    repeated: Mapping[str, int] = MappingProxyType({})
    died: tuple[int, ...] = ()
    unknown: int = 0


class Scene(NamedTuple):
    """One execution under faults. `key` is its name; `during` is called once it is accepted."""

    key: str
    faults: Sequence[Fault]
    expected: Expected = Expected()
    hold: bool = False
    during: Callable[[str, Plan], None] | None = None
    config: Callable[[str], dict[str, Any]] | None = None


class Found(NamedTuple):
    """What an execution left behind. `calls` are the model calls by task."""

    record: dict[str, Any]
    calls: dict[str, int]
    trace: str
    problems: list[str]
    plan: Plan


def three_tasks(key: str) -> dict[str, Any]:
    """The third sees the others' outputs, so a lost one would show; the second is slow enough for progress to be saved
    and for several batches of trace events."""
    return crew(
        task(f"Do first of {key}. [[say ONE]]", "first"),
        task(f"Do second of {key}. [[slow 1.3]] [[say TWO]]", "second"),
        task(f"Do third of {key}. [[say THREE]]", "third", context=["first", "second"]),
        name=key,
    )


class Field:
    def __init__(self, proxy: Proxy, model: ScriptedModel, stack: Stack, user: User) -> None:
        self.proxy = proxy
        self.model = model
        self.stack = stack
        self.user = user

    def play(self, scenes: Iterable[Scene], at_once: int = AT_ONCE) -> dict[str, Found]:
        """Several at a time."""
        scenes = list(scenes)
        with ThreadPoolExecutor(at_once) as pool:
            found = list(pool.map(self._play, scenes))
        return dict(zip([scene.key for scene in scenes], found, strict=True))

    def _play(self, scene: Scene) -> Found:
        plan = self.proxy.add(Plan(scene.key, scene.faults, hold=scene.hold))
        try:
            return self._played(scene, plan)
        except AssertionError as error:  # what was waited for did not come; the other scenes go on
            return Found({}, {}, "", [f"never happened: {error}"], plan)

    def _played(self, scene: Scene, plan: Plan) -> Found:
        execution_id = self.submit((scene.config or three_tasks)(scene.key), scene.key)
        if scene.during:
            scene.during(execution_id, plan)
        self.until(execution_id, lambda record: record["status"] in TERMINAL)
        if scene.hold:
            self._deliver(plan)
        return self.found(scene.expected, execution_id, plan)

    def _deliver(self, plan: Plan) -> None:
        """What the queue seemed to have taken: the last message first, and each of them twice."""
        queue = self.stack.client("sqs")
        for message in reversed(plan.held):
            for copy in ("a", "b"):
                queue.send_message(
                    **{**message, "MessageDeduplicationId": f"{message['MessageDeduplicationId']}{copy}"}
                )

    def submit(self, config: dict[str, Any], key: str) -> str:
        """As a careful client does: the same request again until there is an answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.user.post("/executions", json={"config": config}, headers={"Idempotency-Key": key})
            if answer.status_code == 202:
                return answer.json()["execution_id"]
            assert answer.status_code in (409, 500, 502, 503), answer.text
            assert time.monotonic() < deadline, answer.text
            time.sleep(LOOK_SECONDS)

    def until(self, execution_id: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not reached(record := self.get(f"/executions/{execution_id}")):
            assert time.monotonic() < deadline, record
            time.sleep(LOOK_SECONDS)
        return record

    def get(self, path: str) -> dict[str, Any]:
        """As a careful client does: again while the platform does not answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := self.user.get(path)).status_code >= 500:
            assert time.monotonic() < deadline, answer.text
            time.sleep(LOOK_SECONDS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def called(self, text: str) -> bool:
        """Waits until the model was asked something with this text."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.model.mentioning(text):
            assert time.monotonic() < deadline, text
            time.sleep(0.02)
        return True

    def found(self, expected: Expected, execution_id: str, plan: Plan) -> Found:
        key = plan.marker.decode()
        record, trace = self._settled(execution_id, expected)
        gaps = trace["gaps"]
        names = [name for name in TASKS if self._calls(name, key)]
        calls = {name: self._calls(name, key) for name in names}
        problems = [
            *_wrong("status", record["status"], expected.status),
            *_wrong("attempts", record["attempt"], expected.attempts),
            *_wrong("model calls", calls, {name: 1 + expected.repeated.get(name, 0) for name in names}),
            *_wrong("used model calls", record["usage"]["model_calls"], sum(calls.values()) - expected.unknown),
            *_wrong("attempts without an end of trace", tuple(gap["attempt"] for gap in gaps), expected.died),
            *_wrong("trace is complete", record["traces"]["complete"], not expected.died),
            *_events_wrong(trace["events"], gaps),
        ]
        if expected.status == "COMPLETED":
            problems += _wrong("outputs", self._outputs(execution_id), ["ONE", "TWO", "THREE"])
        return Found(record, calls, "complete" if record["traces"]["complete"] else "its end is open", problems, plan)

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


def _wrong(what: str, found: object, expected: object) -> list[str]:
    return [] if found == expected else [f"{what}: {found}, expected {expected}"]


def _events_wrong(events: list[dict[str, Any]], gaps: list[dict[str, Any]]) -> list[str]:
    """Within each attempt, numbers without a hole or a double; a gap only behind the last, of one that died."""
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    for event in events:
        numbers[event["attempt"]].append(event["sequence"])
    wrong = [
        f"attempt {n} has events {found}" for n, found in numbers.items() if found != list(range(1, len(found) + 1))
    ]
    open_ends = {gap["attempt"]: (gap["first"], gap["last"]) for gap in gaps}
    wrong += [f"gap {n}: {gap}" for n, gap in open_ends.items() if gap != (len(numbers[n]) + 1, None)]
    doubles = Counter((event["attempt"], event["sequence"]) for event in events)
    return wrong + [f"{one} is there {count} times" for one, count in doubles.items() if count > 1]


@contextmanager
def running_field() -> Generator[Field]:
    with scripted_model() as model, running_proxy() as proxy:
        options = StackOptions(
            port=0,
            model=external_model(model.url),
            environment={},
            for_functions={function: {"AWS_ENDPOINT_URL": url} for function, url in proxy.urls().items()},
            wait_scale=WAIT_SCALE,
        )
        with running_stack(options) as stack:
            proxy.target = stack.emulator.url
            stack.wait_until_healthy()
            stack.client("sqs").set_queue_attributes(
                QueueUrl=stack.outputs["TraceQueueUrl"], Attributes={"VisibilityTimeout": REDELIVERY_SECONDS}
            )
            with User(stack.url, "ada") as user:
                user.timeout = httpx.Timeout(60)
                yield Field(proxy, model, stack, user)
