"""Triggers over an emulated AWS, with the queue and the rules in lists."""

from __future__ import annotations

from typing import Any

from tests.aws_table import BUCKET, GROUP, NOW, TABLE, Aws, submission
from tests.fakes.budgets import FakeBudgets
from tests.fakes.clock import FakeClock
from tests.fakes.files import FakeFiles
from tests.fakes.knowledge import FakeKnowledge
from tests.fakes.knowledge_worker import FakeKnowledgeWorker
from tests.fakes.limits import FakeLimits
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.prices import FakePrices
from tests.fakes.registrations import nothing_own
from tests.fakes.secrets import FakeSecrets
from tests.fakes.trigger_queue import FakeTriggerQueue
from tests.fakes.trigger_sources import FakeTriggerSources
from tests.fakes.usage import FakeUsage
from tests.fakes.webhooks import NoWebhooks

from stepcrew.aws.inbox import BucketInbox
from stepcrew.aws.triggers import TableTriggers
from stepcrew.domain.execution import Execution
from stepcrew.domain.models import ModelRules
from stepcrew.domain.trigger import Firing, Trigger, TriggerSpec
from stepcrew.services.delete_crew import delete_crew
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.find_missing_files import FindMissingFiles
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.fire_trigger import FireTrigger
from stepcrew.services.keep_files import KeepFiles
from stepcrew.services.store_crew import save_version
from stepcrew.services.store_trigger import StoreTrigger
from stepcrew.services.submit_execution import CrewSubmission, SubmitExecution
from stepcrew.services.take_event import TakeEvent
from stepcrew.services.take_object import NewObject, TakeObject
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.services.watch_budgets import WatchBudgets

INBOX = "stepcrew-test-inbox"


class Harness:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.orchestrator = FakeOrchestrator()
        self.sources = FakeTriggerSources()
        self.queue = FakeTriggerQueue()
        self.files, self.worker = FakeFiles(), FakeKnowledgeWorker()
        self.clock, self.limits = FakeClock(NOW), FakeLimits()
        clock, limits = self.clock, self.limits
        ids = iter(f"01936a3c-0000-7000-8000-{number:012x}" for number in range(10_000))
        missing = FindMissingSecrets(FakeSecrets(), {})
        rules = ModelRules("openai/gpt-4.1-mini", ["*"])
        wake = WakeMachine(aws.approvals, self.orchestrator)
        fill = FillSlots(aws.slots, limits, self.orchestrator, wake, clock)
        self.submit = SubmitExecution(
            *(
                aws.executions,
                clock,
                lambda: next(ids),
                rules,
                limits,
                aws.crews,
                missing,
                FindMissingFiles(self.files),
                fill,
                NoWebhooks(),
            ),
            *(nothing_own, FakePrices(), WatchBudgets(FakeBudgets(), FakeUsage(), clock), 30),
        )
        self.store = TableTriggers(aws.clients, TABLE, BUCKET, 30)
        self.keep = StoreTrigger(self.store, self.sources, aws.crews, limits, clock, lambda: "hook-id")
        self.fire = FireTrigger(self.store, self.submit, self.queue, clock)
        keep_files = KeepFiles(self.files, FakeKnowledge(), self.worker, clock, "")
        self.take_object = TakeObject(self.store, self.fire, BucketInbox(aws.clients, INBOX), keep_files)
        self.take_event = TakeEvent(self.store, self.fire, aws.executions)
        aws.clients.s3.create_bucket(Bucket=INBOX)
        self.store_crew()

    def store_crew(self) -> None:
        save_version(self.aws.crews, GROUP, "haiku", submission(), saved_by="ada", now=NOW)

    def delete_crew(self) -> None:
        delete_crew(self.aws.crews, GROUP, "haiku")

    def trigger(self, name: str = "t", **spec: Any) -> Trigger:
        given = {"crew": "haiku", "inputs": {"topic": "${name}"}, **spec}
        return self.keep(GROUP, name, TriggerSpec.model_validate(given), "ada@example.com")[0]

    def put(self, key: str, body: str | bytes, version: str = "1", etag: str = "") -> list[Firing]:
        content = body.encode() if isinstance(body, str) else body
        self.aws.clients.s3.put_object(Bucket=INBOX, Key=key, Body=content)
        return self.take_object(NewObject(INBOX, key, len(content), version, etag=etag))

    def room(self, most: int) -> None:
        """So many executions more than one may be open; that one is there."""
        if not self.aws.executions.count_open(GROUP, 1):
            self.submit(
                CrewSubmission(group_id=GROUP, submitted_by="ada", config=None, crew="haiku", inputs={"topic": "sun"})
            )
            self.orchestrator.started.clear()
        self.limits.everyone = self.limits.everyone._replace(open_executions=most + 1)

    def go_on(self) -> Firing:
        """The next turn of the firing that has waited longest."""
        group_id, name, firing_id, turn, _ = self.queue.waiting.pop(0)
        firing = self.take_event.proceed(group_id, name, firing_id, turn)
        assert firing
        return firing

    def again(self, trigger: Trigger | None, firing: Firing) -> Firing:
        """Fires it again, as somebody may ask."""
        cause = self.store.cause(GROUP, firing.trigger, firing.firing_id)
        assert cause
        return self.fire(GROUP, trigger, cause, again=True).firing

    def execution(self, firing: Firing, number: int = 0) -> Execution:
        return self.aws.executions.get(GROUP, firing.execution_ids[number])

    def inputs(self, firing: Firing, number: int = 0) -> dict[str, Any]:
        return dict(self.aws.executions.submission(GROUP, firing.execution_ids[number]).inputs)
