"""Every path of the bucket. The group is the first part of each but the word before it."""

from __future__ import annotations


def firing_document(group_id: str, trigger_name: str, firing_id: str) -> str:
    """The object with what made a trigger fire."""
    return f"groups/{group_id}/triggers/{trigger_name}/{firing_id}"


def batch_folder(group_id: str, batch_id: str) -> str:
    return f"groups/{group_id}/batches/{batch_id}/"


def batch_inputs(group_id: str, batch_id: str) -> str:
    """The object with the inputs of all rows."""
    return f"{batch_folder(group_id, batch_id)}inputs.jsonl"


def batch_round(group_id: str, batch_id: str, number: int) -> str:
    """The object that lists the rows of one round, and where their inputs are."""
    return f"{batch_folder(group_id, batch_id)}round-{number:04d}.jsonl"


def folders(group_id: str) -> list[str]:
    """All that is the group's."""
    return [f"groups/{group_id}/", kept_folder(group_id)]


def kept_folder(group_id: str) -> str:
    """What of a group lies in the bucket until somebody removes it; everything below `groups/` expires."""
    return f"kept/{group_id}/"


def bundle(group_id: str, digest: str) -> str:
    return f"{kept_folder(group_id)}bundles/{digest}.zip"


def content(group_id: str, name: str, sha256: str) -> str:
    """The object with the bytes of a file; no name of a file has a slash."""
    return f"{kept_folder(group_id)}files/{name}/{sha256}"


def payload_folder(group_id: str, execution_id: str) -> str:
    return f"groups/{group_id}/executions/{execution_id}/"


def payload(group_id: str, execution_id: str, payload_id: str) -> str:
    return payload_folder(group_id, execution_id) + payload_id
