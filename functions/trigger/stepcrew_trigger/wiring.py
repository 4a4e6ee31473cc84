"""Puts the trigger function together once per process."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.batch_inputs import BucketBatchInputs
from stepcrew.aws.clients import Clients
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.files import BucketFiles
from stepcrew.aws.inbox import BucketInbox
from stepcrew.aws.knowledge import TableKnowledge
from stepcrew.aws.knowledge_function import LambdaKnowledge
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.trigger_queue import SqsTriggerQueue
from stepcrew.aws.triggers import TableTriggers
from stepcrew.clock import SystemClock
from stepcrew.services.fire_trigger import FireTrigger
from stepcrew.services.keep_files import KeepFiles
from stepcrew.services.run_row import RunRow
from stepcrew.services.take_event import TakeEvent
from stepcrew.services.take_object import TakeObject
from stepcrew.settings import settings
from stepcrew.submission_wiring import submit_execution
from stepcrew.wiring import batch_parts, cancel_execution, end_batch


class Triggers:
    """The use cases over one set of adapters."""

    def __init__(self) -> None:
        configured, clients, clock = settings(), Clients(), SystemClock()
        table, bucket, days = configured.table_name, configured.bucket_name, configured.retention_days
        executions = TableExecutions(clients, table, BucketPayloads(clients, bucket), days)
        submit = submit_execution(configured, clients)
        store = TableTriggers(clients, table, bucket, days)
        fire = FireTrigger(store, submit, SqsTriggerQueue(clients, configured.trigger_queue_url), clock)
        take = TakeEvent(store, fire, executions)
        files = KeepFiles(
            BucketFiles(clients, table, bucket),
            TableKnowledge(clients, table),
            LambdaKnowledge(clients, configured.knowledge_function),
            clock,
            configured.default_embedder,
        )
        self.take_object = TakeObject(store, fire, BucketInbox(clients, configured.inbox_bucket), files)
        self.take_event = take.event
        self.take_tick = take.tick
        self.proceed = take.proceed
        store_of_batches, orchestrator, end_row = batch_parts(configured, clients)
        self.run_row = RunRow(
            store_of_batches,
            BucketBatchInputs(clients, bucket),
            orchestrator,
            executions,
            submit,
            cancel_execution(configured, clients, executions),
            end_row,
            clock,
        )
        self.end_batch = end_batch(configured, clients, executions)


@lru_cache(maxsize=1)
def triggers() -> Triggers:
    return Triggers()
