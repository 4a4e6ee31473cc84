"""Secrets in Parameter Store (SecureString): their values for the runner, everything but the values for the API."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import values
from stepcrew.aws.parameters import delete_parameter, read_parameter
from stepcrew.aws.records import Records
from stepcrew.domain.secrets import StoredSecret

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import ParameterTypeDef

_NAMES_AT_ONCE = 10
"""GetParametersByPath answers so many at most (its API reference)."""


class ParameterNames:
    """`<prefix>/operator/NAME` and `<prefix>/groups/<group>/NAME`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.rstrip("/")
        self.operator = f"{self._prefix}/operator"

    def group(self, group_id: str) -> str:
        return f"{self._prefix}/groups/{group_id}"


class ParameterSecrets:
    """`Secrets`: read where they are used and kept nowhere else."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients = clients
        self._names = ParameterNames(prefix)

    def group_secret(self, group_id: str, name: str) -> str | None:
        return read_parameter(self._clients.ssm, f"{self._names.group(group_id)}/{name}", "Reading a secret")

    def operator_secrets(self) -> dict[str, str]:
        with platform_errors("Reading the operator's keys"):
            pages = self._clients.ssm.get_paginator("get_parameters_by_path").paginate(
                Path=self._names.operator, WithDecryption=True
            )
            return {
                _last(parameter.get("Name", "")): parameter.get("Value", "")
                for page in pages
                for parameter in page["Parameters"]
            }


class ParameterSecretStore:
    """`SecretStore`. It asks for no decryption, and its role may not decrypt. Which secrets there are is what Parameter
    Store says, so those an operator put there by hand count; the table remembers who set one."""

    def __init__(self, clients: Clients, prefix: str, table: str) -> None:
        self._clients = clients
        self._names = ParameterNames(prefix)
        self._records = Records(clients, table)

    def put(self, group_id: str, name: str, value: str, *, set_by: str | None, now: datetime) -> StoredSecret:
        note = {"PK": keys.group(group_id), "SK": keys.secret(name), "name": name, "set_by": set_by}
        with platform_errors("Storing a secret"):
            answer = self._clients.ssm.put_parameter(
                Name=f"{self._names.group(group_id)}/{name}", Value=value, Type="SecureString", Overwrite=True
            )
        # By its version: what is changed past the API later is not taken for this caller's.
        self._records.put("Storing a secret", {**note, "version": answer.get("Version", 0)})
        return StoredSecret(name=name, set_at=now, set_by=set_by)

    def secrets(self, group_id: str) -> list[StoredSecret]:
        found = self._below(self._names.group(group_id))
        notes = self._notes(group_id) if found else {}
        listed: list[StoredSecret] = []
        for parameter in found:
            name = _last(parameter.get("Name", ""))
            note = notes.get(name, {})
            set_by = note.get("set_by") if note.get("version") == parameter.get("Version") else None
            set_at = parameter.get("LastModifiedDate")
            if set_at is not None:
                listed.append(StoredSecret(name=name, set_at=set_at, set_by=set_by))
        return sorted(listed, key=lambda one: one.name)

    def delete(self, group_id: str, name: str) -> None:
        doing = "Removing a secret"
        delete_parameter(self._clients.ssm, f"{self._names.group(group_id)}/{name}", doing)
        self._records.remove(doing, keys.group(group_id), keys.secret(name))

    def missing(self, group_id: str, names: set[str]) -> set[str]:
        return names - {_last(one.get("Name", "")) for one in self._below(self._names.group(group_id))}

    def not_lent(self, names: set[str]) -> set[str]:
        return names - {_last(one.get("Name", "")) for one in self._below(self._names.operator)}

    def _below(self, folder: str) -> list[ParameterTypeDef]:
        """Names, versions and times; values stay encrypted."""
        with platform_errors("Listing the secrets"):
            pages = self._clients.ssm.get_paginator("get_parameters_by_path").paginate(
                Path=folder, WithDecryption=False, PaginationConfig={"PageSize": _NAMES_AT_ONCE}
            )
            return [parameter for page in pages for parameter in page["Parameters"]]

    def _notes(self, group_id: str) -> dict[str, dict[str, Any]]:
        known = {":group": keys.group(group_id), ":secrets": keys.SECRET_PREFIX}
        found = self._records.found("Listing the secrets", "PK = :group AND begins_with(SK, :secrets)", known)
        return {note["name"]: note for note in map(values, found)}


def _last(name: str) -> str:
    return name.rpartition("/")[2]
