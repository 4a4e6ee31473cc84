"""How many callers of a group wait at the same time: one item for each of them, in numbered places."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.transactions import holds
from stepcrew.services.waiting_ports import WaitingPlace

_TRIES = 2
_GRACE = timedelta(seconds=10)
"""Longer than a caller waits: a process that dies leaves its place behind until then."""


class TableWaitingPlaces:
    """`WaitingPlaces` over DynamoDB. A place is taken with one conditional write, so no two callers have the same."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table

    def take(self, group_id: str, *, now: datetime, until: datetime, most: int) -> WaitingPlace | None:
        partition, claim = keys.waiting_places(group_id), uuid4().hex
        with platform_errors("Waiting for the execution"):
            answer = self._clients.dynamodb.query(
                TableName=self._table,
                KeyConditionExpression="PK = :key",
                ExpressionAttributeValues=item({":key": partition}),
                ConsistentRead=True,
            )
            entries = [values(entry) for entry in answer["Items"]]
            taken = {entry["SK"] for entry in entries if entry["expires_at"] > now.timestamp()}
            free = [place for place in map(keys.waiting_place, range(most)) if place not in taken]
            for place in random.sample(free, min(_TRIES, len(free))):
                entry = {"PK": partition, "SK": place, "claim": claim, "expires_at": int((until + _GRACE).timestamp())}
                claimed = partial(
                    self._clients.dynamodb.put_item,
                    TableName=self._table,
                    Item=item(entry),
                    ConditionExpression="attribute_not_exists(PK) OR expires_at <= :now",
                    ExpressionAttributeValues=item({":now": int(now.timestamp())}),
                )
                if holds(claimed):
                    return WaitingPlace(group_id, place, claim)
        return None

    def leave(self, place: WaitingPlace) -> None:
        with platform_errors("Waiting for the execution"):
            holds(  # unless it expired, and may be another's by now
                lambda: self._clients.dynamodb.delete_item(
                    TableName=self._table,
                    Key=item({"PK": keys.waiting_places(place.group_id), "SK": place.name}),
                    ConditionExpression="claim = :claim",
                    ExpressionAttributeValues=item({":claim": place.claim}),
                )
            )
