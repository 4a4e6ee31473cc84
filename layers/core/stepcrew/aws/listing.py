"""A group's executions, newest first: the index tells which, the records what they are. However rare what is looked
for, one page reads a bounded number of items."""

from __future__ import annotations

from typing import Any

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import Item, item, values
from stepcrew.aws.records import Records
from stepcrew.domain.execution import Execution
from stepcrew.domain.listing import ExecutionPage, Listed, ListFilter

MOST_READ = 2_000
_AT_ONCE = 500
DOING = "Listing executions"


class TableListing:
    """`ListingStore` over the index by group."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def newest(self, group_id: str, wanted: ListFilter, *, before: str | None, limit: int) -> ExecutionPage:
        found: list[Item] = []
        read, last = 0, None
        low, high = wanted.id_range()
        high = min(before, high) if before else high
        if high < low:  # which the table would refuse
            return ExecutionPage([], None)
        query = self._query(group_id, wanted, low, high)
        with platform_errors(DOING):
            while len(found) <= limit and read < MOST_READ:
                size = min(_AT_ONCE if wanted.narrows else limit + 2, MOST_READ - read)
                start: dict[str, Any] = {"ExclusiveStartKey": last} if last else {}
                page = self._clients.dynamodb.query(**query, Limit=size, **start)
                read += page["ScannedCount"]
                for entry in page["Items"]:
                    listed = Listed.model_validate(values(entry))
                    if listed.group_sort != before and wanted.fits(listed):
                        found.append(entry)
                last = page.get("LastEvaluatedKey")
                if not last:
                    break
        if len(found) > limit:
            last = found[limit - 1]
        # The index may be a moment behind the records.
        whole = (Execution.model_validate(values(one)) for one in self._records.whole(DOING, found[:limit]))
        return ExecutionPage(list(filter(wanted.fits, whole)), values(last)["group_sort"] if last else None)

    def _query(self, group_id: str, wanted: ListFilter, low: str, high: str) -> dict[str, Any]:
        arguments: dict[str, Any] = {":group": keys.group(group_id), ":low": low, ":high": high}
        equal = {field: value for field, value in (("status", wanted.status), ("name", wanted.name)) if value}
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": keys.BY_GROUP_INDEX,
            "KeyConditionExpression": "group_key = :group AND group_sort BETWEEN :low AND :high",
            "ScanIndexForward": False,
        }
        if equal:
            arguments |= {f":{field}": str(value) for field, value in equal.items()}
            query["FilterExpression"] = " AND ".join(f"#{field} = :{field}" for field in equal)
            query["ExpressionAttributeNames"] = {f"#{field}": field for field in equal}
        return query | {"ExpressionAttributeValues": item(arguments)}
