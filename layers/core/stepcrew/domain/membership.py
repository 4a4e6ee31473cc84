"""Groups and what their members may do: the form of a group id, the three roles, and the roles a token names.

A group id is part of table keys, bucket paths, Parameter Store paths, IAM patterns and session tags. The one pattern
here fits them all: Parameter Store takes letters, digits, `.`, `-` and `_` between slashes
(https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html), and in IAM patterns
`*`, `?` and `$` have a meaning of their own
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html).
"""

from __future__ import annotations

import re
from enum import StrEnum

GROUP_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"
_GROUP_ID = re.compile(GROUP_PATTERN)


class Role(StrEnum):
    """What a caller may do in one group; each role may do what those before it may."""

    VIEWER = "viewer"
    """Reads."""
    MEMBER = "member"
    """Submits, cancels, decides."""
    ADMIN = "admin"
    """Stores and deletes crews, deletes executions, sets secrets, limits and triggers."""

    def permits(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


class UnclearMembership(Exception):
    """What a token says about groups or roles can be read in more than one way, or in none."""


def is_group_id(text: str) -> bool:
    return _GROUP_ID.fullmatch(text) is not None


def groups_in(claim: object) -> list[str]:
    """The groups of a claim: one text is one group, a list of texts is several. Entries that are no group id are left
    out, because nobody can select them.

    Raises `UnclearMembership` for a text that is not exactly one group id (`demo other` may be one name or two) and for
    every other kind of value.
    """
    if claim is None:
        return []
    if isinstance(claim, str):
        if not is_group_id(claim):
            raise UnclearMembership(f"{claim[:128]!r} is not one group id, and several must be a list")
        return [claim]
    entries = _texts(claim)
    return list(dict.fromkeys(entry for entry in entries if is_group_id(entry)))


def roles_in(claim: object, primary: str) -> dict[str, Role]:
    """The role by group: `admin` is the role in the `primary` group, `research:viewer` the one in the group research.

    A claim is one such entry or a list of them. Raises `UnclearMembership` for a value that is not exactly a role, for
    a group named twice, and for any other kind of value: nothing is trimmed, folded or guessed.
    """
    entries = [claim] if isinstance(claim, str) else _texts(claim)
    found: dict[str, Role] = {}
    for entry in entries:
        group_id, separator, name = entry.rpartition(":")
        if name not in set(Role) or (separator and not is_group_id(group_id)):
            raise UnclearMembership(f"{entry[:128]!r} is none of the roles {', '.join(Role)}")
        group_id = group_id if separator else primary
        if group_id in found:
            raise UnclearMembership("two roles are named for one group")
        found[group_id] = Role(name)
    return found


def _texts(claim: object) -> list[str]:
    if not isinstance(claim, list):
        raise UnclearMembership("it is neither a text nor a list of texts")
    entries: list[str] = []
    for entry in claim:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(entry, str):
            raise UnclearMembership("an entry of the list is not a text")
        entries.append(entry)
    return entries
