"""A group's executions, newest first. However rare what is looked for, one page reads a bounded number of items."""

from __future__ import annotations

from typing import Any

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.domain.execution import Execution
from stepcrew.domain.listing import ExecutionPage, ListFilter

MOST_READ = 2_000
_AT_ONCE = 500


class TableListing:
    """`ListingStore` over the index by group."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table

    def newest(self, group_id: str, wanted: ListFilter, *, before: str | None, limit: int) -> ExecutionPage:
        found: list[Execution] = []
        read, last = 0, None
        low, high = wanted.id_range()
        high = min(before, high) if before else high
        if high < low:  # which the table would refuse
            return ExecutionPage([], None)
        query = self._query(group_id, wanted, low, high)
        with platform_errors("Listing executions"):
            while len(found) <= limit and read < MOST_READ:
                size = min(_AT_ONCE if wanted.narrows else limit + 2, MOST_READ - read)
                start: dict[str, Any] = {"ExclusiveStartKey": last} if last else {}
                page = self._clients.dynamodb.query(**query, Limit=size, **start)
                read += page["ScannedCount"]
                for entry in page["Items"]:
                    execution = Execution.model_validate(values(entry))
                    if execution.execution_id != before and wanted.fits(execution):
                        found.append(execution)
                last = page.get("LastEvaluatedKey")
                if not last:
                    break
        if len(found) > limit:
            return ExecutionPage(found[:limit], found[limit - 1].execution_id)
        return ExecutionPage(found, values(last)["group_sort"] if last else None)

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
