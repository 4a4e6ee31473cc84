"""Puts the API together once per process."""

from __future__ import annotations

import uuid_utils
from fastapi import FastAPI

from stepcrew.aws.clients import Clients
from stepcrew.aws.executions import SystemClock, TableExecutions
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.state_machine import StateMachine
from stepcrew.aws.task_outputs import TableTaskOutputs
from stepcrew.aws.traces import TableTraces
from stepcrew.domain.references import ModelRules
from stepcrew.services.read_trace import ReadTrace
from stepcrew.services.submit_execution import SubmitExecution
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
    orchestrator = StateMachine(clients, settings.state_machine_arn)
    submit = SubmitExecution(executions, orchestrator, clock, new_id, model_rules(settings))
    tasks = TableTaskOutputs(clients, table, payloads, days)
    services = Services(submit, executions, traces, ReadTrace(executions, traces), tasks, payloads, clock)
    return create_app(services, settings)
