"""The users of a stack's Cognito user pool: who they are, which groups they belong to, and their role.

The group and the role are attributes that only an administrator writes (template.yaml, WriteAttributes of the clients);
further groups are groups of the pool. Both come to the API in the ID token, as `custom:group_id`, `custom:role` and
`cognito:groups`.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stepcrew_cli.admin.aws import Explain, explained
from stepcrew_cli.errors import CliError

ROLES = ("viewer", "member", "admin")
GROUP_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""As the API takes a group id, which is part of keys, paths and parameter names."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_GROUP, _ROLE = "custom:group_id", "custom:role"
_PASSWORD_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class PoolUser:
    """`group` is the primary one; `groups` are all, the primary first. `status` is Cognito's own word."""

    email: str
    group: str
    groups: tuple[str, ...]
    role: str
    status: str
    enabled: bool


class UserPool:
    """`cognito` is a boto3 client of cognito-idp."""

    def __init__(self, cognito: Any, pool_id: str) -> None:
        self._cognito = cognito
        self._pool = {"UserPoolId": pool_id}

    def add(self, email: str, groups: Sequence[str], role: str, *, invite: bool) -> str | None:
        """Makes a user with a verified address; the first group is the primary one.

        Returns:
            The temporary password, when the pool does not send it in an invitation.

        Raises:
            CliError: the user exists, or the address, a group or the role is not one.
        """
        _check(groups, role)
        if not _EMAIL.fullmatch(email):
            raise CliError(f"{email!r} is not an e-mail address.")
        password = None if invite else _temporary_password()
        delivery = {"DesiredDeliveryMediums": ["EMAIL"]} if invite else {"MessageAction": "SUPPRESS"}
        with explained(_about(email)):
            self._cognito.admin_create_user(
                **self._pool,
                Username=email,
                UserAttributes=_attributes(email=email, email_verified="true", **{_GROUP: groups[0], _ROLE: role}),
                **delivery,
                **({"TemporaryPassword": password} if password else {}),
            )
            self._join(email, groups)
        return password

    def users(self) -> list[PoolUser]:
        """All of them, by e-mail address."""
        with explained():
            pages = self._cognito.get_paginator("list_users").paginate(**self._pool)
            found = [self._user(each) for page in pages for each in page["Users"]]
        return sorted(found, key=lambda user: user.email)

    def set_groups(self, email: str, groups: Sequence[str], role: str | None) -> PoolUser:
        """Makes these the user's groups, the first the primary one; None leaves the role as it is.

        What is taken away goes first: if a call fails, the user has too few groups and never too many.
        """
        _check(groups, role)
        with explained(_about(email)):
            before = self._memberships(email)
            for group in set(before) - set(groups):
                self._cognito.admin_remove_user_from_group(**self._pool, Username=email, GroupName=group)
            changes = {_GROUP: groups[0], **({_ROLE: role} if role else {})}
            self._cognito.admin_update_user_attributes(
                **self._pool, Username=email, UserAttributes=_attributes(**changes)
            )
            self._join(email, [group for group in groups if group not in before])
            return self._user(self._cognito.admin_get_user(**self._pool, Username=email))

    def remove(self, email: str) -> None:
        with explained(_about(email)):
            self._cognito.admin_delete_user(**self._pool, Username=email)

    def _join(self, email: str, groups: Sequence[str]) -> None:
        for group in groups:
            with contextlib.suppress(self._cognito.exceptions.GroupExistsException):
                self._cognito.create_group(**self._pool, GroupName=group)
            self._cognito.admin_add_user_to_group(**self._pool, Username=email, GroupName=group)

    def _memberships(self, username: str) -> list[str]:
        paginator = self._cognito.get_paginator("admin_list_groups_for_user")
        pages = paginator.paginate(**self._pool, Username=username)
        return [group["GroupName"] for page in pages for group in page["Groups"]]

    def _user(self, described: dict[str, Any]) -> PoolUser:
        listed: list[dict[str, str]] = described.get("Attributes") or described.get("UserAttributes") or []
        attributes = {each["Name"]: each["Value"] for each in listed}
        username: str = described["Username"]
        primary = attributes.get(_GROUP, "")
        others = [group for group in self._memberships(username) if group != primary]
        return PoolUser(
            email=attributes.get("email", username),
            group=primary,
            groups=(*([primary] if primary else []), *sorted(others)),
            role=attributes.get(_ROLE, ""),
            status=described["UserStatus"],
            enabled=described["Enabled"],
        )


def _check(groups: Sequence[str], role: str | None) -> None:
    if not groups:
        raise CliError("A user belongs to at least one group.", remedy="Name it.")
    for group in groups:
        if not GROUP_PATTERN.fullmatch(group):
            raise CliError(
                f"{group!r} is no name for a group.",
                remedy="It has up to 128 letters, digits, dots, dashes and underscores; a letter or digit comes first.",
            )
    if role is not None and role not in ROLES:
        raise CliError(f"{role!r} is no role.", remedy=f"Roles: {', '.join(ROLES)}.")


def _about(email: str) -> Explain:
    def explain(code: str) -> CliError | None:
        if code in {"UsernameExistsException", "AliasExistsException"}:
            return CliError(
                f"There is a user {email} already.",
                remedy=f"Change their groups: stepcrew admin users set-groups {email}",
            )
        if code == "UserNotFoundException":
            return CliError(f"There is no user {email}.", remedy="stepcrew admin users list names those there are.")
        return None

    return explain


def _attributes(**values: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _temporary_password() -> str:
    """Fits the pool's policy: 12 characters or more with a lower case letter, an upper case letter and a digit."""
    return "".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(20)) + "aA1"
