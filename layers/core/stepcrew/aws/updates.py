"""Builds one conditional update of an execution record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from stepcrew.aws.items import Item, item, plain
from stepcrew.domain.execution import Status
from stepcrew.domain.metering import Metered
from stepcrew.domain.proof import AttemptProof
from stepcrew.domain.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef


class Update:
    """Collects assignments and conditions. Every update also raises `revision` and sets `updated_at`, except one
    without a time: it changes nothing that anyone can see."""

    def __init__(self, now: datetime | None) -> None:
        self._sets: list[str] = []
        self._removes: list[str] = []
        self._conditions: list[str] = ["attribute_exists(PK)"]
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        if now is not None:
            self.set("updated_at", now)
            self.add("revision", 1)

    def name(self, path: str) -> str:
        """Placeholders for a path of attribute names, dots between them."""
        parts: list[str] = []
        for part in path.split("."):
            placeholder = f"#n{list(self._names.values()).index(part)}" if part in self._names.values() else ""
            if not placeholder:
                placeholder = f"#n{len(self._names)}"
                self._names[placeholder] = part
            parts.append(placeholder)
        return ".".join(parts)

    def value(self, value: object) -> str:
        placeholder = f":v{len(self._values)}"
        if isinstance(value, BaseModel):
            value = plain(value)
        elif isinstance(value, datetime):
            value = timestamp(value)
        elif isinstance(value, Status):
            value = value.value
        self._values[placeholder] = value
        return placeholder

    def set(self, path: str, value: object, *, keep: bool = False) -> Update:
        """Assigns; with `keep`, only where nothing stands yet."""
        name, new = self.name(path), self.value(value)
        self._sets.append(f"{name} = if_not_exists({name}, {new})" if keep else f"{name} = {new}")
        return self

    def last_of(
        self, attempt: int, traces_emitted: int | None, proof: AttemptProof | None, metered: Metered | None
    ) -> Update:
        """What an attempt says when it ends; null is not said."""
        if traces_emitted is not None:
            self.set(f"traces_emitted.{attempt}", traces_emitted)
        if proof is not None:
            self.set(f"proof.{attempt}", proof)
        if metered is not None:
            self.set("metered", metered).remove("unmetered_since")
        return self

    def add(self, path: str, amount: int | Decimal) -> Update:
        name = self.name(path)
        self._sets.append(f"{name} = if_not_exists({name}, {self.value(0)}) + {self.value(amount)}")
        return self

    def append(self, path: str, value: object, *, most: int) -> Update:
        """Adds to a list that may have `most` members."""
        name = self.name(path)
        self._sets.append(f"{name} = list_append(if_not_exists({name}, {self.value([])}), {self.value([value])})")
        self._conditions.append(f"(attribute_not_exists({name}) OR size({name}) < {self.value(most)})")
        return self

    def remove(self, *paths: str) -> Update:
        self._removes += [self.name(path) for path in paths]
        return self

    def require(self, path: str, value: object) -> Update:
        self._conditions.append(f"{self.name(path)} = {self.value(value)}")
        return self

    def require_other(self, path: str, value: object) -> Update:
        name = self.name(path)
        self._conditions.append(f"(attribute_not_exists({name}) OR {name} <> {self.value(value)})")
        return self

    def require_present(self, path: str) -> Update:
        self._conditions.append(f"attribute_exists({self.name(path)})")
        return self

    def require_absent(self, path: str) -> Update:
        self._conditions.append(f"attribute_not_exists({self.name(path)})")
        return self

    def require_status(self, allowed: Iterable[Status]) -> Update:
        options = ", ".join(self.value(status) for status in sorted(allowed))
        self._conditions.append(f"{self.name('status')} IN ({options})")
        return self

    def require_at_rest(self) -> Update:
        """WAITING for a person, or in the queue for a slot."""
        waits = f"{self.name('status')} = {self.value(Status.WAITING)}"
        self._conditions.append(f"({waits} OR attribute_exists({self.name('queued_at')}))")
        return self

    def request(self, table: str, key: Item) -> UpdateTypeDef:
        """The parameters both `update_item` and a transaction's `Update` take."""
        sets = f"SET {', '.join(self._sets)} " if self._sets else ""
        removes = f"REMOVE {', '.join(self._removes)}" if self._removes else ""
        return {
            "TableName": table,
            "Key": key,
            "UpdateExpression": (sets + removes).strip(),
            "ConditionExpression": " AND ".join(self._conditions),
            "ExpressionAttributeNames": self._names,
            "ExpressionAttributeValues": item(self._values),
        }
