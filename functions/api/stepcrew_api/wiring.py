"""Puts the API together once per process."""

from __future__ import annotations

import time
from functools import partial
from secrets import token_urlsafe

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.audit import TableAudit
from stepcrew.aws.batch_inputs import BucketBatchInputs
from stepcrew.aws.budgets import TableBudgets
from stepcrew.aws.bundles import BucketBundles
from stepcrew.aws.clients import Clients
from stepcrew.aws.crews import TableCrews
from stepcrew.aws.erasures import TableErasures
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.files import BucketFiles
from stepcrew.aws.inbox import BucketInbox
from stepcrew.aws.indexed_memory import memory_of
from stepcrew.aws.journal import TableJournal
from stepcrew.aws.knowledge import TableKnowledge
from stepcrew.aws.knowledge_function import LambdaKnowledge
from stepcrew.aws.link_keys import ParameterLinkKeys
from stepcrew.aws.listing import TableListing
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.prices import TablePrices
from stepcrew.aws.queue_state import QueueUrls, SqsQueues
from stepcrew.aws.registrations import table_connections, table_tools
from stepcrew.aws.secrets import ParameterSecrets, ParameterSecretStore
from stepcrew.aws.slots import TableSlots
from stepcrew.aws.state_machine import StateMachine
from stepcrew.aws.sweeps import TableSweeps
from stepcrew.aws.task_outputs import TableTaskOutputs
from stepcrew.aws.traces import TableTraces
from stepcrew.aws.trigger_queue import SqsTriggerQueue
from stepcrew.aws.trigger_sources import EventBridgeSources
from stepcrew.aws.triggers import TableTriggers
from stepcrew.aws.usage import TableUsage
from stepcrew.aws.waiting_places import TableWaitingPlaces
from stepcrew.aws.webhooks import SqsWebhookQueue, TableWebhooks
from stepcrew.clock import SystemClock
from stepcrew.domain.connection import StoredConnection
from stepcrew.domain.decision_link import KEY_BYTES
from stepcrew.domain.function_tool import StoredTool
from stepcrew.services.batch_results import BatchResults
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.change_batch import CancelBatch, RetryBatch
from stepcrew.services.check_address import CheckAddress
from stepcrew.services.count_usage import CountUsage
from stepcrew.services.create_batch import CreateBatch, RowsOfBatch
from stepcrew.services.decide_approval import DecideApproval
from stepcrew.services.decide_by_link import DecideByLink
from stepcrew.services.erase_data import BeginErasure
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
from stepcrew.services.take_delivery import TakeDelivery
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.settings import Settings, function_settings
from stepcrew.submission_wiring import model_rules, new_id, submit_execution
from stepcrew.wiring import batch_parts, fill_slots, group_limits, watch_budgets
from stepcrew_api.app import Api, create_app
from stepcrew_api.services import Services


def make_app(settings: Settings) -> Api:
    clients, clock = Clients(), SystemClock()
    table, days = settings.table_name, settings.retention_days
    payloads = BucketPayloads(clients, settings.bucket_name)
    executions = TableExecutions(clients, table, payloads, days)
    traces = TableTraces(clients, table, days)
    tasks = TableTaskOutputs(clients, table, payloads, days)
    orchestrator = StateMachine(clients, settings.state_machine_arn)
    approvals = TableApprovals(clients, table, payloads, days)
    journal = TableJournal(clients, table, payloads, days)
    read_cost, listing = ReadCost(executions, journal, function_settings().aws_region), TableListing(clients, table)
    usage = TableUsage(clients, table)
    limits = group_limits(settings, clients)
    crews, rules = TableCrews(clients, table), model_rules(settings)
    knowledge = LambdaKnowledge(clients, settings.knowledge_function)
    tools, connections = table_tools(clients, table), table_connections(clients, table)
    secrets = ParameterSecretStore(clients, settings.secrets_prefix, table)
    bundles = BucketBundles(clients, settings.bucket_name)
    wake = WakeMachine(approvals, orchestrator)
    read_trace = ReadTrace(executions, traces)
    submit = submit_execution(settings, clients)
    triggers = TableTriggers(clients, table, settings.bucket_name, days)
    fire = FireTrigger(triggers, submit, SqsTriggerQueue(clients, settings.trigger_queue_url), clock)
    webhooks = TableWebhooks(clients, table, days)
    webhook_queue = SqsWebhookQueue(clients, settings.webhook_queue_url)
    check_address = CheckAddress(settings.webhook_inside_urls)
    batches, inputs = batch_parts(settings, clients), BucketBatchInputs(clients, settings.bucket_name)
    cancel = CancelExecution(executions, wake, clock)
    store_trigger = StoreTrigger(
        triggers, EventBridgeSources(clients, settings), crews, limits, clock, lambda: token_urlsafe(24)
    )
    keep_secrets, erasures = KeepSecrets(secrets, crews, clock), TableErasures(clients, table)
    files, inbox = BucketFiles(clients, table, settings.bucket_name), BucketInbox(clients, settings.inbox_bucket)
    slots = TableSlots(clients, table)
    queues = SqsQueues(clients, queue_urls(settings))
    decide = DecideApproval(executions, approvals, limits, fill_slots(settings, clients), clock)
    link_keys, audit = ParameterLinkKeys(clients, settings.secrets_prefix), TableAudit(clients, table, new_id)
    services = Services(
        audit=audit,
        erasures=erasures,
        begin_erasure=BeginErasure(erasures, triggers, store_trigger, keep_secrets, clock, new_id),
        submit=submit,
        kick_off=KickOff(submit, webhooks, secrets, check_address, clock),
        rerun=RerunExecution(submit, executions, tasks, clock, days),
        cancel=cancel,
        decide=decide,
        decide_by_link=DecideByLink(link_keys, approvals, decide, audit, clock),
        decision_links=KeepDecisionLinks(link_keys, clock, new_id, lambda: token_urlsafe(KEY_BYTES)),
        executions=executions,
        slots=slots,
        follow=FollowExecution(executions, TableWaitingPlaces(clients, table), clock, time.sleep),
        listing=listing,
        traces=traces,
        read_trace=read_trace,
        search_trace=SearchTrace(read_trace, payloads),
        explain=ExplainExecution(
            *(executions, traces, approvals, slots, limits, orchestrator, queues, traces, clock),
        ),
        oversee=OverseeStack(executions, limits, queues, TableSweeps(clients, table), clock),
        tasks=tasks,
        artifacts=ReadArtifacts(executions, tasks, payloads),
        make_bundle=MakeBundle(
            executions,
            tasks,
            approvals,
            traces,
            journal,
            payloads,
            settings.default_model,
            settings.default_embedder,
            settings.model_connections,
        ),
        approvals=approvals,
        bodies=ReadBodies(tasks, approvals, traces, payloads),
        read_cost=read_cost,
        estimate_cost=EstimateCost(listing, read_cost),
        prices=TablePrices(clients, table),
        usage=usage,
        count_usage=CountUsage(usage, journal, read_cost),
        budgets=TableBudgets(clients, table),
        watch_budgets=watch_budgets(settings, clients),
        clock=clock,
        limits=limits,
        crews=crews,
        store_crew=StoreCrew(crews, clock, rules, partial(OwnParts, tools, connections), days),
        tools=tools,
        store_tool=Register(tools, StoredTool, lambda tool, _: tool.faults(settings.home), clock),
        connections=connections,
        store_connection=Register(
            connections, StoredConnection, lambda one, known: one.faults(settings.model_connections, known), clock
        ),
        inbox=inbox,
        triggers=triggers,
        store_trigger=store_trigger,
        fire_trigger=fire,
        take_delivery=TakeDelivery(triggers, fire, ParameterSecrets(clients, settings.secrets_prefix), clock),
        webhooks=webhooks,
        store_webhook=StoreWebhook(webhooks, webhook_queue, secrets, clock, new_id, check_address, settings.mail_rules),
        secrets=keep_secrets,
        memory=KeepMemory(
            memory_of(settings, clients),
            knowledge,
            rules,
            clock,
        ),
        files=KeepFiles(
            files,
            TableKnowledge(clients, table),
            knowledge,
            clock,
            settings.default_embedder,
        ),
        bundles=bundles,
        store_project=StoreProject(crews, bundles, clock),
        batches=batches.store,
        rows_of_batch=RowsOfBatch(files, inbox, settings.inbox_bucket),
        batch_results=BatchResults(batches.store, inputs, tasks),
        create_batch=CreateBatch(
            batches.store, inputs, batches.orchestrator, submit, executions, limits, clock, new_id
        ),
        cancel_batch=CancelBatch(batches.store, cancel, clock),
        retry_batch=RetryBatch(batches.store, inputs, batches.orchestrator, clock),
    )
    return create_app(services, settings)


def queue_urls(settings: Settings) -> dict[str, QueueUrls]:
    """Those whose messages an operator sees."""
    found = {
        "trace": QueueUrls(settings.trace_queue_url, settings.trace_dead_letter_queue_url, redrivable=True),
        "trigger": QueueUrls(settings.trigger_queue_url, settings.trigger_dead_letter_queue_url, redrivable=True),
        "webhook": QueueUrls(settings.webhook_queue_url, settings.webhook_dead_letter_queue_url),
        "announcement": QueueUrls("", settings.announcement_dead_letter_queue_url),
        "export": QueueUrls(settings.export_queue_url, settings.export_dead_letter_queue_url, redrivable=True),
    }
    return {name: urls for name, urls in found.items() if urls.dead_letters}  # exports are there by a parameter only
