"""Puts the API together once per process."""

from __future__ import annotations

import time

import uuid_utils
from fastapi import FastAPI

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.bundles import BucketBundles
from stepcrew.aws.clients import Clients
from stepcrew.aws.crews import TableCrews
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.journal import TableJournal
from stepcrew.aws.limits import TableLimits
from stepcrew.aws.listing import TableListing
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.secrets import ParameterSecretStore
from stepcrew.aws.state_machine import StateMachine
from stepcrew.aws.task_outputs import TableTaskOutputs
from stepcrew.aws.traces import TableTraces
from stepcrew.aws.waiting_places import TableWaitingPlaces
from stepcrew.clock import SystemClock
from stepcrew.domain.limits import LimitRules
from stepcrew.domain.references import ModelRules
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.decide_approval import DecideApproval
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.follow_execution import FollowExecution
from stepcrew.services.keep_secrets import KeepSecrets
from stepcrew.services.make_bundle import MakeBundle
from stepcrew.services.read_bodies import ReadBodies
from stepcrew.services.read_trace import ReadTrace
from stepcrew.services.rerun_execution import RerunExecution
from stepcrew.services.search_trace import SearchTrace
from stepcrew.services.store_crew import StoreCrew
from stepcrew.services.store_project import StoreProject
from stepcrew.services.submit_execution import SubmitExecution
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.settings import Settings
from stepcrew_api.app import create_app
from stepcrew_api.services import Services


def new_id() -> str:
    """A UUIDv7: ids sort by time."""
    return str(uuid_utils.uuid7())


def model_rules(settings: Settings) -> ModelRules:
    return ModelRules(settings.default_model, settings.allowed_models, settings.allows_model)


def make_app(settings: Settings) -> FastAPI:
    clients, clock = Clients(), SystemClock()
    table, days = settings.table_name, settings.retention_days
    payloads = BucketPayloads(clients, settings.bucket_name)
    executions = TableExecutions(clients, table, payloads, days)
    traces = TableTraces(clients, table, days)
    tasks = TableTaskOutputs(clients, table, payloads, days)
    orchestrator = StateMachine(clients, settings.state_machine_arn)
    approvals = TableApprovals(clients, table, payloads, days)
    limits = TableLimits(
        clients, table, LimitRules(settings.default_limits, settings.limit_ceilings, settings.max_open_executions)
    )
    crews, rules = TableCrews(clients, table), model_rules(settings)
    secrets = ParameterSecretStore(clients, settings.secrets_prefix, table)
    missing_secrets = FindMissingSecrets(secrets)
    bundles = BucketBundles(clients, settings.bucket_name)
    wake = WakeMachine(approvals, orchestrator)
    read_trace = ReadTrace(executions, traces)
    submit = SubmitExecution(executions, orchestrator, clock, new_id, rules, limits, crews, missing_secrets, days)
    services = Services(
        submit=submit,
        rerun=RerunExecution(submit, executions, tasks, clock, days),
        cancel=CancelExecution(executions, wake, clock),
        decide=DecideApproval(executions, approvals, limits, wake, clock),
        executions=executions,
        follow=FollowExecution(executions, TableWaitingPlaces(clients, table), clock, time.sleep),
        listing=TableListing(clients, table),
        traces=traces,
        read_trace=read_trace,
        search_trace=SearchTrace(read_trace, payloads),
        tasks=tasks,
        make_bundle=MakeBundle(
            executions,
            tasks,
            approvals,
            traces,
            TableJournal(clients, table, payloads, days),
            payloads,
            settings.default_model,
        ),
        approvals=approvals,
        bodies=ReadBodies(tasks, approvals, traces, payloads),
        limits=limits,
        crews=crews,
        store_crew=StoreCrew(crews, clock, rules, days),
        secrets=KeepSecrets(secrets, crews, clock),
        bundles=bundles,
        store_project=StoreProject(crews, bundles, clock),
    )
    return create_app(services, settings)
