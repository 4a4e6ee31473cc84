"""Every key of the table. The group is the first part of each: a wrong group finds nothing."""

from __future__ import annotations

import hashlib

from stepcrew.domain.canonical import digest

EXECUTION = "EXECUTION"
DEFINITION = "DEFINITION"
IDEMPOTENCY = "IDEMPOTENCY"
LIMITS = "LIMITS"
PRICES = "PRICES"
BUDGETS = "BUDGETS"
TASK_PREFIX = "TASK#"
TRACE_PREFIX = "TRACE#"
LOG_PREFIX = "LOG#"
BATCH_PREFIX = "BATCH#"
APPROVAL_PREFIX = "APPROVAL#"
JOURNAL_PREFIX = "JOURNAL#"
CREW_PREFIX = "CREW#"
ALIAS_PREFIX = "ALIAS#"
TRIGGER_PREFIX = "TRIGGER#"
WEBHOOK_PREFIX = "WEBHOOK#"
BATCH_OF_ROWS = "BATCH"
ROW_PREFIX = "ROW#"
SLOT_PREFIX = "SLOT#"
QUEUED_PREFIX = "QUEUED#"
ROOT_SCOPE_PREFIX = "ROOT#"
MEMORY_BACKEND = "BACKEND"
MEMORY_PREFIX = "MEMORY#"
FILE_PREFIX = "FILE#"
SECRET_PREFIX = "SECRET#"  # noqa: S105 - a key

STACK, SWEEP = "STACK", "SWEEP"
"""Of no group: what the operator sees of the stack itself."""

BY_GROUP_INDEX = "by_group"
OPEN_INDEX = "open"
OPEN_SHARDS = 16
OPEN_ERASURES = "OPEN#ERASURES"
OPEN_BATCHES = "OPEN#BATCHES"
"""The place of batches that have not ended in the index of open executions: apart from those."""


def group(group_id: str) -> str:
    return f"GROUP#{group_id}"


def execution(group_id: str, execution_id: str) -> str:
    return f"{group(group_id)}#EXECUTION#{execution_id}"


def of_execution(partition: str) -> tuple[str, str]:
    """The group and the execution whose partition this is; no group id has a `#`."""
    _, group_id, _, execution_id = partition.split("#")
    return group_id, execution_id


def idempotency(group_id: str, key: str) -> str:
    return f"{group(group_id)}#IDEMPOTENCY#{key}"


def task(index: int) -> str:
    return f"{TASK_PREFIX}{index:04d}"


def trace(attempt: int, sequence: int) -> str:
    return f"{TRACE_PREFIX}{attempt:04d}#{sequence:08d}"


def log(attempt: int, sequence: int) -> str:
    return f"{LOG_PREFIX}{attempt:04d}#{sequence:08d}"


def batch(attempt: int, first: int) -> str:
    """The marker of one stored batch of trace events: it makes counting them exact under redelivery."""
    return f"{BATCH_PREFIX}{attempt:04d}#{first:08d}"


def approval(number: int) -> str:
    return f"{APPROVAL_PREFIX}{number:04d}"


def journal(entry_id: str) -> str:
    return f"{JOURNAL_PREFIX}{entry_id}"


def waiting(group_id: str) -> str:
    """The place of a group's open approvals in the index by group; no group id has a `#`."""
    return f"{group(group_id)}#WAITING"


def crew(name: str) -> str:
    """The item of the group that names a stored crew's latest version."""
    return f"{CREW_PREFIX}{name}"


def flow_states(group_id: str, name: str) -> str:
    """The states that flows of a stored crew keep."""
    return f"{group(group_id)}#STATES#{name}"


def flow_state(flow_id: str) -> str:
    """An id is whatever somebody calls a flow, so its digest stands for it."""
    return f"STATE#{hashlib.sha256(flow_id.encode(errors='replace')).hexdigest()}"


def secret(name: str) -> str:
    """Who set a secret of the group, and when; its value is in Parameter Store."""
    return f"{SECRET_PREFIX}{name}"


def crew_versions(group_id: str, name: str) -> str:
    """A partition of their own, so that listing a group's crews reads none of their documents."""
    return f"{group(group_id)}#CREW#{name}"


def crew_version(version: int) -> str:
    return f"VERSION#{version:06d}"


def crew_alias(alias: str) -> str:
    return f"{ALIAS_PREFIX}{alias}"


def trigger(name: str) -> str:
    return f"{TRIGGER_PREFIX}{name}"


def firings(group_id: str, trigger_name: str) -> str:
    """A partition of their own, and the place of its firings by time in the index by group."""
    return f"{group(group_id)}#TRIGGER#{trigger_name}"


def firing(firing_id: str) -> str:
    return f"FIRING#{firing_id}"


def webhooks(group_id: str) -> str:
    """A partition of their own: the announcer reads nothing else of a group."""
    return f"{group(group_id)}#WEBHOOKS"


def webhook(name: str) -> str:
    return f"{WEBHOOK_PREFIX}{name}"


def deliveries(group_id: str, webhook_name: str) -> str:
    """A partition of their own, and the place of its deliveries by time in the index by group."""
    return f"{group(group_id)}#WEBHOOK#{webhook_name}"


def callbacks(group_id: str, execution_id: str) -> str:
    """Addresses of its own that an execution has, with their deliveries: out of the reach of its attempts, and no name
    of a webhook has a colon."""
    return f"{group(group_id)}#WEBHOOK#{execution_id}:"


def delivery(delivery_id: str) -> str:
    return f"DELIVERY#{delivery_id}"


def registrations(group_id: str, word: str) -> str:
    """A partition for each kind, `word`: a submission that names one reads nothing else."""
    return f"{group(group_id)}#{word.upper()}S"


def registration(word: str, name: str) -> str:
    return f"{word.upper()}#{name}"


def batches(group_id: str) -> str:
    """The place of a group's batches by time in the index by group."""
    return f"{group(group_id)}#BATCHES"


def batch_of_rows(group_id: str, batch_id: str) -> str:
    """A batch with its rows."""
    return f"{group(group_id)}#BATCH#{batch_id}"


def batch_row(number: int) -> str:
    return f"{ROW_PREFIX}{number:06d}"


def root_scopes(group_id: str) -> str:
    """Which memories a group has."""
    return f"{group(group_id)}#MEMORY"


def root_scope(path: str) -> str:
    return f"{ROOT_SCOPE_PREFIX}{path}"


def memory(group_id: str, root: str) -> str:
    """A partition for each root scope: a search reads the whole of it."""
    return f"{root_scopes(group_id)}#{root}"


def memory_record(record_id: str) -> str:
    return f"{MEMORY_PREFIX}{record_id}"


def vectors(group_id: str, embedder: str) -> str:
    """Vectors that were made already, by the hash of their text."""
    return f"{group(group_id)}#VECTORS#{embedder}"


def files(group_id: str) -> str:
    """A partition of their own: attempts read nothing else of a group."""
    return f"{group(group_id)}#FILES"


def file(name: str) -> str:
    return f"{FILE_PREFIX}{name}"


def knowledge(group_id: str) -> str:
    """Which files of a group have chunks."""
    return f"{group(group_id)}#KNOWLEDGE"


def index(sha256: str, embedder: str) -> str:
    """With no embedding model, what those of all models begin with."""
    return f"INDEX#{sha256}#{embedder}"


def chunks(group_id: str, sha256: str, embedder: str) -> str:
    """A partition for each file and embedding model: a search reads the whole of it."""
    return f"{knowledge(group_id)}#{sha256}#{embedder}"


def chunk(number: int) -> str:
    return f"CHUNK#{number:06d}"


def waiting_places(group_id: str) -> str:
    """Who of the group waits for an execution to change, at this moment."""
    return f"{group(group_id)}#PLACES"


def waiting_place(number: int) -> str:
    return f"PLACE#{number:04d}"


def usage(group_id: str) -> str:
    """What executions of the group used, and the sums of it."""
    return f"{group(group_id)}#USAGE"


def usage_sum(by: str, day: str, name: str) -> str:
    """`day` is like 2026-11-28; names may hold anything, so they come last."""
    return f"SUM#{by}#{day}#{name}"


def usage_entry(day: str, execution_id: str) -> str:
    return f"ENTRY#{day}#{execution_id}"


def told(telling: str) -> str:
    """That something was told of a budget, beside the usage."""
    return f"TOLD#{telling}"


def slots(group_id: str) -> str:
    """Which executions of the group run at this moment, and which wait for one of them to end."""
    return f"{group(group_id)}#SLOTS"


def slot(number: int) -> str:
    return f"{SLOT_PREFIX}{number:04d}"


def queued(execution_id: str) -> str:
    """Ids sort by time, so those that wait stand in the order in which they were submitted."""
    return f"{QUEUED_PREFIX}{execution_id}"


def open_shard(group_id: str) -> str:
    """Spreads the sparse index of open executions over its partitions; those of one group are in one of them, so that
    they can be counted by one query."""
    return f"OPEN#{digest(group_id)[0]}"


def open_sort(group_id: str, execution_id: str) -> str:
    """The place within the partition; with no execution id, what all of the group's begin with."""
    return f"{group_id}#{execution_id}"


def open_shards() -> list[str]:
    return [f"OPEN#{digit:x}" for digit in range(OPEN_SHARDS)]
