"""How receipts of what was removed call the items of the table."""

from __future__ import annotations

from stepcrew.aws import keys

_KINDS = {
    keys.TASK_PREFIX: "task_outputs",
    keys.TRACE_PREFIX: "trace_events",
    keys.LOG_PREFIX: "log_lines",
    keys.BATCH_PREFIX: "trace_messages",
    keys.JOURNAL_PREFIX: "journal_entries",
    keys.ROOT_SCOPE_PREFIX: "memory_scopes",
    keys.MEMORY_PREFIX: "memory_records",
    "ENTRY#": "usage_entries",
    "SUM#": "usage_sums",
    "DELIVERY#": "deliveries",
    "INDEX#": "indexed_files",
    keys.ALIAS_PREFIX: "aliases",
    "BATCH": "batches",
    keys.PRICES: "prices",
    keys.BUDGETS: "budgets",
}
"""By the beginning of a sort key; what is missing has an `s` behind its word."""


def kind_of(sort: str) -> str:
    """How receipts call what has this sort key, in the plural."""
    word, sign, _ = sort.partition("#")
    return _KINDS.get(word + sign) or f"{word.lower()}s"
