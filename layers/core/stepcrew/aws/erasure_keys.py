"""Keys of erasures, and of the partitions that they remove."""

from __future__ import annotations

from stepcrew.aws import keys


def erasures(group_id: str) -> str:
    """Receipts of what was removed of the group."""
    return f"{keys.group(group_id)}#ERASURES"


def erasure(erasure_id: str) -> str:
    return f"ERASURE#{erasure_id}"


def plain_partitions(group_id: str) -> list[str]:
    """Those that every group may have, but for the ones that an erasure leaves: each behind those it lists."""
    below = ("WEBHOOKS", "TOOLS", "CONNECTIONS", "FILES", "KNOWLEDGE", "MEMORY", "USAGE")
    return [*(f"{keys.group(group_id)}#{word}" for word in below), keys.group(group_id)]


def listed_by(group_id: str, sort: str) -> str | None:
    """The partition that holds more of what has this sort key."""
    word, _, name = sort.partition("#")
    parts = {"CREW": keys.crew_versions, "TRIGGER": keys.firings, "WEBHOOK": keys.deliveries}
    return parts[word](group_id, name) if word in parts else None
