"""Between our models and DynamoDB's attribute values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item = dict[str, "AttributeValueTypeDef"]

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def plain(model: BaseModel) -> dict[str, Any]:
    """JSON-like values with exact numbers; null fields are left out (an absent attribute means null)."""
    return json.loads(model.model_dump_json(exclude_none=True), parse_float=Decimal)


def item(values: Mapping[str, Any]) -> Item:
    return {name: cast("AttributeValueTypeDef", _serializer.serialize(value)) for name, value in values.items()}


def values(item: Mapping[str, AttributeValueTypeDef]) -> dict[str, Any]:
    return {name: _deserializer.deserialize(cast(Any, value)) for name, value in item.items()}
