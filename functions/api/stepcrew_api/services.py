"""What the routes work with; put together in `wiring`, or from fakes in tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from stepcrew.domain.connection import ConnectionSpec, StoredConnection
from stepcrew.domain.execution import Execution
from stepcrew.domain.function_tool import FunctionToolSpec, StoredTool
from stepcrew.services.audit_ports import AuditLog
from stepcrew.services.batch_ports import BatchStore
from stepcrew.services.batch_results import BatchResults
from stepcrew.services.bundle_ports import BundleStore
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.change_batch import CancelBatch, RetryBatch
from stepcrew.services.count_usage import CountUsage
from stepcrew.services.create_batch import CreateBatch, RowsOfBatch
from stepcrew.services.crew_ports import CrewStore
from stepcrew.services.decide_approval import DecideApproval
from stepcrew.services.decide_by_link import DecideByLink
from stepcrew.services.erase_data import BeginErasure
from stepcrew.services.erasure_ports import ErasureStore
from stepcrew.services.estimate_cost import EstimateCost
from stepcrew.services.explain_execution import ExplainExecution
from stepcrew.services.fire_trigger import FireTrigger
from stepcrew.services.follow_execution import FollowExecution
from stepcrew.services.keep_decision_links import KeepDecisionLinks
from stepcrew.services.keep_files import KeepFiles
from stepcrew.services.keep_memory import KeepMemory
from stepcrew.services.keep_secrets import KeepSecrets
from stepcrew.services.kick_off import KickOff
from stepcrew.services.make_bundle import MakeBundle
from stepcrew.services.oversee_stack import OverseeStack
from stepcrew.services.ports import (
    ApprovalStore,
    Clock,
    ExecutionStore,
    LimitStore,
    ListingStore,
    TaskOutputStore,
    TraceStore,
)
from stepcrew.services.price_ports import PriceStore
from stepcrew.services.read_artifacts import ReadArtifacts
from stepcrew.services.read_bodies import ReadBodies
from stepcrew.services.read_cost import ReadCost
from stepcrew.services.read_trace import ReadTrace
from stepcrew.services.register import Register
from stepcrew.services.registration_ports import RegistrationStore
from stepcrew.services.rerun_execution import RerunExecution
from stepcrew.services.search_trace import SearchTrace
from stepcrew.services.slot_ports import SlotStore
from stepcrew.services.store_crew import StoreCrew
from stepcrew.services.store_project import StoreProject
from stepcrew.services.store_trigger import StoreTrigger
from stepcrew.services.store_webhook import StoreWebhook
from stepcrew.services.submit_execution import SubmitExecution
from stepcrew.services.take_delivery import TakeDelivery
from stepcrew.services.trigger_ports import Inbox, TriggerStore
from stepcrew.services.usage_ports import BudgetStore, UsageStore
from stepcrew.services.watch_budgets import WatchBudgets
from stepcrew.services.webhook_ports import WebhookStore


class Services(NamedTuple):
    audit: AuditLog
    erasures: ErasureStore
    begin_erasure: BeginErasure
    submit: SubmitExecution
    kick_off: KickOff
    rerun: RerunExecution
    cancel: CancelExecution
    decide: DecideApproval
    decide_by_link: DecideByLink
    decision_links: KeepDecisionLinks
    executions: ExecutionStore
    slots: SlotStore
    follow: FollowExecution
    listing: ListingStore
    traces: TraceStore
    read_trace: ReadTrace
    search_trace: SearchTrace
    explain: ExplainExecution
    oversee: OverseeStack
    tasks: TaskOutputStore
    artifacts: ReadArtifacts
    make_bundle: MakeBundle
    approvals: ApprovalStore
    bodies: ReadBodies
    read_cost: ReadCost
    estimate_cost: EstimateCost
    prices: PriceStore
    usage: UsageStore
    count_usage: CountUsage
    budgets: BudgetStore
    watch_budgets: WatchBudgets
    clock: Clock
    limits: LimitStore
    crews: CrewStore
    store_crew: StoreCrew
    tools: RegistrationStore[StoredTool]
    connections: RegistrationStore[StoredConnection]
    store_connection: Register[ConnectionSpec, StoredConnection]
    store_tool: Register[FunctionToolSpec, StoredTool]
    inbox: Inbox
    triggers: TriggerStore
    store_trigger: StoreTrigger
    fire_trigger: FireTrigger
    take_delivery: TakeDelivery
    webhooks: WebhookStore
    store_webhook: StoreWebhook
    secrets: KeepSecrets
    memory: KeepMemory
    files: KeepFiles
    bundles: BundleStore
    store_project: StoreProject
    batches: BatchStore
    rows_of_batch: RowsOfBatch
    batch_results: BatchResults
    create_batch: CreateBatch
    cancel_batch: CancelBatch
    retry_batch: RetryBatch


def services(request: Request) -> Services:
    return request.app.state.services


def queue_positions(services: Services, group_id: str, executions: Iterable[Execution]) -> Mapping[str, int]:
    """The group's queue, if any of these is in it."""
    return services.slots.positions(group_id) if any(one.queued_at for one in executions) else {}


Injected = Annotated[Services, Depends(services)]
