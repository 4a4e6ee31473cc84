"""Function tools of groups in the table, each as JSON text: its schema is to be read as it was written."""

from __future__ import annotations

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.records import Records
from stepcrew.domain.function_tool import StoredTool


class TableTools:
    """`ToolStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def tool(self, group_id: str, name: str) -> StoredTool | None:
        found = self._records.item(keys.tools(group_id), keys.tool(name))
        return StoredTool.model_validate_json(values(found)["tool"]) if found else None

    def tools(self, group_id: str) -> list[StoredTool]:
        with platform_errors("Listing the tools"):
            pages = self._clients.dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :group",
                ExpressionAttributeValues=item({":group": keys.tools(group_id)}),
                ConsistentRead=True,
            )
            found = [values(entry) for page in pages for entry in page["Items"]]
        return [StoredTool.model_validate_json(entry["tool"]) for entry in found]

    def put(self, group_id: str, tool: StoredTool) -> None:
        entry = {"PK": keys.tools(group_id), "SK": keys.tool(tool.name), "tool": tool.model_dump_json()}
        with platform_errors("Storing the tool"):
            self._clients.dynamodb.put_item(TableName=self._table, Item=item(entry))

    def delete(self, group_id: str, name: str) -> None:
        key = item({"PK": keys.tools(group_id), "SK": keys.tool(name)})
        with platform_errors("Deleting the tool"):
            self._clients.dynamodb.delete_item(TableName=self._table, Key=key)
