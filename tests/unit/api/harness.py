"""The API over an emulated AWS, called as API Gateway calls it: with the checked claims in the event."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, cast

from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from stepcrew.aws import paths
from stepcrew.aws.audit import TableAudit
from stepcrew.aws.batch_inputs import BucketBatchInputs
from stepcrew.aws.budgets import TableBudgets
from stepcrew.aws.bundles import BucketBundles
from stepcrew.aws.crew_batches import TableBatches
from stepcrew.aws.erasures import StoredRemains, TableErasures
from stepcrew.aws.files import BucketFiles
from stepcrew.aws.inbox import BucketInbox
from stepcrew.aws.indexed_memory import IndexedMemory
from stepcrew.aws.knowledge import TableKnowledge
from stepcrew.aws.link_keys import ParameterLinkKeys
from stepcrew.aws.listing import TableListing
from stepcrew.aws.prices import TablePrices
from stepcrew.aws.registrations import table_connections, table_tools
from stepcrew.aws.secrets import ParameterSecrets, ParameterSecretStore
from stepcrew.aws.sweeps import TableSweeps
from stepcrew.aws.triggers import TableTriggers
from stepcrew.aws.usage import TableUsage
from stepcrew.aws.waiting_places import TableWaitingPlaces
from stepcrew.aws.webhooks import TableWebhooks
from stepcrew.domain.connection import ConnectionSpec, StoredConnection
from stepcrew.domain.function_tool import StoredTool
from stepcrew.domain.mail import MailRules
from stepcrew.services.batch_results import BatchResults
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.change_batch import CancelBatch, RetryBatch
from stepcrew.services.check_address import CheckAddress
from stepcrew.services.count_usage import CountUsage
from stepcrew.services.create_batch import CreateBatch, RowsOfBatch
from stepcrew.services.decide_approval import DecideApproval
from stepcrew.services.decide_by_link import DecideByLink
from stepcrew.services.erase_data import BeginErasure, ContinueErasures
from stepcrew.services.estimate_cost import EstimateCost
from stepcrew.services.explain_execution import ExplainExecution
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.find_missing_files import FindMissingFiles
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.fire_trigger import FireTrigger
from stepcrew.services.follow_execution import FollowExecution
from stepcrew.services.keep_decision_links import KeepDecisionLinks
from stepcrew.services.keep_files import KeepFiles
from stepcrew.services.keep_memory import KeepMemory
from stepcrew.services.keep_secrets import KeepSecrets
from stepcrew.services.kick_off import KickOff
from stepcrew.services.make_bundle import MakeBundle
from stepcrew.services.oversee_stack import OverseeStack
from stepcrew.services.own_parts import OwnParts
from stepcrew.services.read_artifacts import ReadArtifacts
from stepcrew.services.read_bodies import ReadBodies
from stepcrew.services.read_cost import ReadCost
from stepcrew.services.read_trace import ReadTrace
from stepcrew.services.register import Register
from stepcrew.services.rerun_execution import RerunExecution
from stepcrew.services.search_trace import SearchTrace
from stepcrew.services.store_crew import StoreCrew
from stepcrew.services.store_project import StoreProject
from stepcrew.services.store_trigger import StoreTrigger
from stepcrew.services.store_webhook import StoreWebhook
from stepcrew.services.submit_execution import SubmitExecution
from stepcrew.services.take_delivery import TakeDelivery
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.services.watch_budgets import WatchBudgets
from stepcrew.settings import Settings
from stepcrew.submission_wiring import model_rules, new_id
from stepcrew_api.app import create_app
from stepcrew_api.services import Services
from tests.aws_table import BUCKET, NOW, TABLE, Aws, emulated_aws
from tests.fakes.batch_machine import FakeBatchMachine
from tests.fakes.clock import FakeClock
from tests.fakes.knowledge_worker import FakeKnowledgeWorker
from tests.fakes.limits import FakeLimits
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.queues import FakeQueues
from tests.fakes.trigger_queue import FakeTriggerQueue
from tests.fakes.trigger_sources import FakeTriggerSources
from tests.fakes.webhooks import FakeWebhookQueue
from tests.vectors import vector_bucket

INBOX = "stepcrew-test-inbox"
ISSUER = "https://issuer.example.com"
ADA: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "ada",
    "email": "ada@example.com",
    "email_verified": True,
    "group_id": "demo",
    "groups": ["demo", "research"],
    "role": ["admin", "research:admin"],
}
BOB: dict[str, Any] = {"iss": ISSUER, "sub": "bob", "group_id": "other", "role": "admin"}
MIA: dict[str, Any] = {"iss": ISSUER, "sub": "mia", "group_id": "demo", "role": "member"}
VERA: dict[str, Any] = {"iss": ISSUER, "sub": "vera", "group_id": "demo", "role": "viewer"}
OLLAMA = ConnectionSpec(base_url="http://10.0.0.7:11434/v1")
SETTINGS = Settings(
    default_model="openai/gpt-4.1-mini",
    allowed_models=["openai/*"],
    model_connections={"ollama": OLLAMA},
    operator_group="demo",
)


def token_of(claims: dict[str, Any]) -> str:
    """A token with these claims. Its signature is worth nothing: behind the authorizer, nobody checks it again."""
    parts = ({"alg": "RS256", "kid": "k"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def as_the_authorizer_says(claims: dict[str, Any]) -> dict[str, str]:
    """Claims as API Gateway writes them into the event: texts, a list as `[a b]`."""
    return {
        name: f"[{' '.join(map(_text, cast('list[object]', value)))}]" if isinstance(value, list) else _text(value)
        for name, value in claims.items()
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def event_of(claims: dict[str, Any]) -> dict[str, Any]:
    """What API Gateway adds to the request of a caller whose token it has checked."""
    return {
        "headers": {"authorization": f"Bearer {token_of(claims)}"},
        "requestContext": {"requestId": "r-1", "authorizer": {"jwt": {"claims": as_the_authorizer_says(claims)}}},
    }


class WithClaims:
    """Puts the event of API Gateway into the scope, as Mangum does."""

    def __init__(self, app: ASGIApp, claims: dict[str, Any]) -> None:
        self._app = app
        self._event = event_of(claims) if claims else {"headers": {}, "requestContext": {"requestId": "r-1"}}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "aws.event": self._event}, receive, send)


class Harness:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.orchestrator, self.trace_queue = FakeOrchestrator(), FakeQueues()
        self.clock = clock = aws.clock
        rules = model_rules(SETTINGS)
        self.limits, self.sweeps = FakeLimits(), TableSweeps(aws.clients, TABLE)
        self.places = TableWaitingPlaces(aws.clients, TABLE)
        self.waiting_clock = FakeClock(NOW)
        self.meanwhile: Callable[[], object] = lambda: None
        wake = WakeMachine(aws.approvals, self.orchestrator)
        fill_slots = FillSlots(aws.slots, self.limits, self.orchestrator, wake, clock)
        secrets = ParameterSecretStore(aws.clients, "/stepcrew/test", TABLE)
        missing, bundles = FindMissingSecrets(secrets, SETTINGS.model_connections), BucketBundles(aws.clients, BUCKET)
        self.knowledge, self.worker = TableKnowledge(aws.clients, TABLE), FakeKnowledgeWorker()
        self.vectors, bucket = vector_bucket(aws.clients)
        self.memory, self.files = IndexedMemory(aws.clients, TABLE, 30, bucket), BucketFiles(aws.clients, TABLE, BUCKET)
        self.webhooks, self.webhook_queue = TableWebhooks(aws.clients, TABLE, 30), FakeWebhookQueue()
        tools, connections = table_tools(aws.clients, TABLE), table_connections(aws.clients, TABLE)
        own_parts = partial(OwnParts, tools, connections)
        prices, usage = TablePrices(aws.clients, TABLE), TableUsage(aws.clients, TABLE)
        budgets = TableBudgets(aws.clients, TABLE)
        watch_budgets = WatchBudgets(budgets, usage, clock)
        submit = SubmitExecution(
            *(aws.executions, clock, new_id, rules, self.limits, aws.crews, missing, FindMissingFiles(self.files)),
            *(fill_slots, self.webhooks, own_parts, prices, watch_budgets, 30),
        )
        self.trigger_queue = FakeTriggerQueue()
        triggers = TableTriggers(aws.clients, TABLE, BUCKET, 30)
        fire = FireTrigger(triggers, submit, self.trigger_queue, clock)
        self.sources = FakeTriggerSources()
        read_cost, listing = ReadCost(aws.executions, aws.journal, "us-east-1"), TableListing(aws.clients, TABLE)
        cancel = CancelExecution(aws.executions, wake, clock)
        self.decide = DecideApproval(aws.executions, aws.approvals, self.limits, fill_slots, clock)
        audit = TableAudit(aws.clients, TABLE, new_id)
        self.link_keys, self.link_clock = ParameterLinkKeys(aws.clients, "/stepcrew/test"), FakeClock(NOW)
        self.batches = batches = TableBatches(aws.clients, TABLE, 30)
        inputs, self.batch_machine = BucketBatchInputs(aws.clients, BUCKET), FakeBatchMachine()
        store_trigger = StoreTrigger(triggers, self.sources, aws.crews, self.limits, clock, lambda: "hook-id")
        keep_secrets, erasures = KeepSecrets(secrets, aws.crews, clock), TableErasures(aws.clients, TABLE)
        remains = StoredRemains(aws.clients, TABLE, BUCKET, INBOX, bucket)
        self.erasures = ContinueErasures(erasures, aws.executions, listing, batches, cancel, remains, clock)
        check_address = CheckAddress(["http://127.0.0.1:9999"])
        services = Services(
            audit=audit,
            erasures=erasures,
            begin_erasure=BeginErasure(erasures, triggers, store_trigger, keep_secrets, clock, new_id),
            submit=submit,
            kick_off=KickOff(submit, self.webhooks, secrets, check_address, clock),
            rerun=RerunExecution(submit, aws.executions, aws.tasks, clock, 30),
            cancel=cancel,
            decide=self.decide,
            decide_by_link=DecideByLink(self.link_keys, aws.approvals, self.decide, audit, self.link_clock),
            decision_links=KeepDecisionLinks(self.link_keys, self.link_clock, new_id, lambda: token_urlsafe(32)),
            executions=aws.executions,
            slots=aws.slots,
            follow=FollowExecution(aws.executions, self.places, self.waiting_clock, self._sleep),
            listing=listing,
            traces=aws.traces,
            read_trace=ReadTrace(aws.executions, aws.traces),
            search_trace=SearchTrace(ReadTrace(aws.executions, aws.traces), aws.payloads),
            explain=ExplainExecution(
                *(aws.executions, aws.traces, aws.approvals, aws.slots, self.limits),
                *(self.orchestrator, self.trace_queue, aws.traces, clock),
            ),
            oversee=OverseeStack(aws.executions, self.limits, self.trace_queue, self.sweeps, clock),
            tasks=aws.tasks,
            artifacts=ReadArtifacts(aws.executions, aws.tasks, aws.payloads),
            make_bundle=MakeBundle(
                aws.executions, aws.tasks, aws.approvals, aws.traces, aws.journal, aws.payloads, SETTINGS.default_model
            ),
            approvals=aws.approvals,
            bodies=ReadBodies(aws.tasks, aws.approvals, aws.traces, aws.payloads),
            read_cost=read_cost,
            estimate_cost=EstimateCost(listing, read_cost),
            prices=prices,
            usage=usage,
            count_usage=CountUsage(usage, aws.journal, read_cost),
            budgets=budgets,
            watch_budgets=watch_budgets,
            clock=clock,
            limits=self.limits,
            crews=aws.crews,
            store_crew=StoreCrew(aws.crews, clock, rules, own_parts, 30),
            tools=tools,
            store_tool=Register(tools, StoredTool, lambda tool, _: tool.faults("eu-west-1:123456789012"), clock),
            connections=connections,
            store_connection=Register(
                connections, StoredConnection, lambda one, known: one.faults(rules.connections, known), clock
            ),
            inbox=BucketInbox(aws.clients, INBOX),
            triggers=triggers,
            store_trigger=store_trigger,
            fire_trigger=fire,
            take_delivery=TakeDelivery(triggers, fire, ParameterSecrets(aws.clients, "/stepcrew/test"), clock),
            webhooks=self.webhooks,
            store_webhook=StoreWebhook(
                *(self.webhooks, self.webhook_queue, secrets, clock, new_id, check_address),
                MailRules("crews@example.com", ["*@example.com"]),
            ),
            secrets=keep_secrets,
            memory=KeepMemory(self.memory, self.worker, rules, clock),
            files=KeepFiles(self.files, self.knowledge, self.worker, clock, "openai/small"),
            bundles=bundles,
            store_project=StoreProject(aws.crews, bundles, clock),
            batches=batches,
            rows_of_batch=RowsOfBatch(self.files, BucketInbox(aws.clients, INBOX), INBOX),
            batch_results=BatchResults(batches, inputs, aws.tasks),
            create_batch=CreateBatch(
                batches, inputs, self.batch_machine, submit, aws.executions, self.limits, clock, new_id
            ),
            cancel_batch=CancelBatch(batches, cancel, clock),
            retry_batch=RetryBatch(batches, inputs, self.batch_machine, clock),
        )
        self.app = create_app(services, SETTINGS)

    def _sleep(self, seconds: float) -> None:
        """Whoever waits for an execution to change lets the time pass, and `meanwhile` happens."""
        self.waiting_clock.advance(seconds=seconds)
        self.meanwhile()

    def client(self, claims: dict[str, Any] = ADA) -> TestClient:
        return TestClient(WithClaims(self.app, claims), base_url="http://api/api/v1", raise_server_exceptions=False)


@contextmanager
def api_harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def body(**changes: Any) -> dict[str, Any]:
    agents = {"poet": {"role": "Poet", "goal": "Write", "backstory": "Old"}}
    tasks = [{"name": "haiku", "description": "Write a haiku.", "expected_output": "A haiku", "agent": "poet"}]
    return {"config": {"agents": agents, "tasks": tasks}, **changes}


def keep_file(harness: Harness, name: str, content: bytes = b"Ada likes tea.", claims: dict[str, Any] = MIA) -> Any:
    """As a caller does, who uploads between asking twice; answers what the second request is answered."""
    client, digest = harness.client(claims), sha256(content).hexdigest()
    told = {"sha256": digest, "bytes": len(content)}
    asked = client.put(f"/files/{name}", json=told)
    assert asked.status_code == 202, asked.text
    key = paths.content(claims["group_id"], name, digest)
    harness.aws.clients.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    return client.put(f"/files/{name}", json=told)
