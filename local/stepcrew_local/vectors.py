"""A stand-in for Amazon S3 Vectors, which the emulator does not have: the operations that Stepcrew calls, exact instead
of approximate, in memory. It refuses what the service's limits refuse. Never deployed.

Sources: the API reference of Amazon S3 Vectors, "Limitations and restrictions" and "Metadata filtering" in the Amazon
S3 user guide.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

Body = dict[str, Any]

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ARN = re.compile(r"arn:aws[-a-z0-9]*:s3vectors:[^:]+:[^:]*:bucket/([^/]+)/index/([^/]+)")
MOST_FILTERABLE, MOST_METADATA_KEYS, MOST_KEY = 2_048, 50, 1_024
MOST_DIMENSIONS, MOST_FOUND, MOST_PUT, MOST_READ, MOST_INDEXES = 4_096, 100, 500, 100, 10_000
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda has, wanted: wanted in _listed(has),
    "$ne": lambda has, wanted: wanted not in _listed(has),
    "$in": lambda has, wanted: any(one in _listed(has) for one in wanted),
    "$nin": lambda has, wanted: not any(one in _listed(has) for one in wanted),
    "$gt": lambda has, wanted: has is not None and has > wanted,
    "$gte": lambda has, wanted: has is not None and has >= wanted,
    "$lt": lambda has, wanted: has is not None and has < wanted,
    "$lte": lambda has, wanted: has is not None and has <= wanted,
    "$exists": lambda has, wanted: (has is not None) is wanted,
}


class Refused(Exception):
    """How the service refuses: its error, with what it says."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Index:
    dimension: int
    vectors: dict[str, Body] = field(default_factory=dict[str, Body])


class VectorsStandIn:
    """All vector buckets of one account; those that are asked for are there. `calls` counts operations by name."""

    def __init__(self) -> None:
        self.indexes: dict[tuple[str, str], Index] = {}
        self.calls: dict[str, int] = {}
        self._operations: dict[str, Callable[[Body], Body]] = {
            "CreateIndex": self._create,
            "DeleteIndex": self._delete_index,
            "PutVectors": self._put,
            "GetVectors": self._get,
            "DeleteVectors": self._delete,
            "ListVectors": self._list,
            "QueryVectors": self._query,
        }

    def answer(self, operation: str, body: Body) -> tuple[int, str, Body]:
        """Status, the error's code where it is one, and the body of an answer."""
        self.calls[operation] = self.calls.get(operation, 0) + 1
        try:
            if operation not in self._operations:
                raise Refused(501, "NotImplemented", f"The stand-in knows no {operation}.")
            return 200, "", self._operations[operation](body)
        except Refused as refusal:
            return refusal.status, refusal.code, {"message": refusal.message}

    def places(self) -> list[str]:
        """Of all vectors there are, each with its index."""
        return sorted(f"{name[1]}/{key}" for name, index in self.indexes.items() for key in index.vectors)

    def _create(self, body: Body) -> Body:
        name = place_of(body)
        _check(0 < body["dimension"] <= MOST_DIMENSIONS, f"A dimension is 1 to {MOST_DIMENSIONS}.")
        _check(bool(_NAME.fullmatch(name[1])), "The name of an index has 3 to 63 lower-case letters, digits, - and .")
        _check(body["dataType"] == "float32" and body["distanceMetric"] == "cosine", "The stand-in knows cosine only.")
        if name in self.indexes:
            raise Refused(409, "ConflictException", "An index with this name is there.")
        if len(self.indexes) >= MOST_INDEXES:
            raise Refused(402, "ServiceQuotaExceededException", "The bucket has as many indexes as it may have.")
        self.indexes[name] = Index(body["dimension"])
        return {"indexArn": f"arn:aws:s3vectors:us-east-1:123456789012:bucket/{name[0]}/index/{name[1]}"}

    def _delete_index(self, body: Body) -> Body:
        self._index(body)
        del self.indexes[place_of(body)]
        return {}

    def _put(self, body: Body) -> Body:
        index = self._index(body)
        _check(0 < len(body["vectors"]) <= MOST_PUT, f"A request has 1 to {MOST_PUT} vectors.")
        for new in body["vectors"]:
            numbers = new["data"]["float32"]
            _check(len(numbers) == index.dimension, f"The index has {index.dimension} dimensions, not {len(numbers)}.")
            _check(any(numbers), "A vector of an index with the cosine has a number that is not 0.")
            _check(0 < len(new["key"]) <= MOST_KEY, f"A key has 1 to {MOST_KEY} characters.")
            _check_metadata(new.get("metadata", {}))
        index.vectors |= {new["key"]: {"metadata": {}, **new} for new in body["vectors"]}
        return {}

    def _get(self, body: Body) -> Body:
        index = self._index(body)
        _check(0 < len(body["keys"]) <= MOST_READ, f"A request has 1 to {MOST_READ} keys.")
        return {"vectors": [_shown(index.vectors[key], body) for key in body["keys"] if key in index.vectors]}

    def _delete(self, body: Body) -> Body:
        index = self._index(body)
        _check(0 < len(body["keys"]) <= MOST_PUT, f"A request has 1 to {MOST_PUT} keys.")
        for key in body["keys"]:
            index.vectors.pop(key, None)
        return {}

    def _list(self, body: Body) -> Body:
        keys, start = sorted(self._index(body).vectors), int(body.get("nextToken", 0))
        most = body.get("maxResults", 500)
        more = {"nextToken": str(start + most)} if len(keys) > start + most else {}
        return {"vectors": [{"key": key} for key in keys[start : start + most]], **more}

    def _query(self, body: Body) -> Body:
        index, wanted = self._index(body), body["queryVector"]["float32"]
        _check(len(wanted) == index.dimension, f"The index has {index.dimension} dimensions, not {len(wanted)}.")
        _check(0 < body["topK"] <= MOST_FOUND, f"The stand-in answers 1 to {MOST_FOUND} vectors.")
        fitting = [one for one in index.vectors.values() if _fits(one["metadata"], body.get("filter", {}))]
        ranked = sorted((1 - _cosine(one["data"]["float32"], wanted), one["key"]) for one in fitting)
        return {
            "distanceMetric": "cosine",
            "vectors": [
                _shown(index.vectors[key], {**body, "returnData": False})
                | ({"distance": distance} if body.get("returnDistance") else {})
                for distance, key in ranked[: body["topK"]]
            ],
        }

    def _index(self, body: Body) -> Index:
        found = self.indexes.get(place_of(body))
        if found is None:
            raise Refused(404, "NotFoundException", "The specified index could not be found")
        return found


def place_of(body: Mapping[str, Any]) -> tuple[str, str]:
    """The bucket and the index that a request names. Raises `Refused`."""
    by_arn = _ARN.fullmatch(body.get("indexArn", ""))
    if by_arn:
        return by_arn[1], by_arn[2]
    _check("vectorBucketName" in body and "indexName" in body, "Must specify vectorBucketName and indexName.")
    return body["vectorBucketName"], body["indexName"]


def _shown(one: Body, body: Body) -> Body:
    parts = {"data": body.get("returnData"), "metadata": body.get("returnMetadata")}
    return {"key": one["key"], **{name: one[name] for name, wanted in parts.items() if wanted}}


def _check_metadata(metadata: Body) -> None:
    _check(len(metadata) <= MOST_METADATA_KEYS, f"A vector has at most {MOST_METADATA_KEYS} keys of metadata.")
    size = len(json.dumps(metadata).encode())
    _check(size <= MOST_FILTERABLE, f"Filterable metadata must have at most {MOST_FILTERABLE} bytes")
    for value in metadata.values():
        _check(not isinstance(value, dict) and value not in (None, []), "Metadata are texts, numbers, booleans, lists.")


def _fits(metadata: Body, condition: Body) -> bool:
    for name, wanted in condition.items():
        if name in ("$and", "$or"):
            _check(bool(wanted), f"{name} takes a list that is not empty.")
            met = [_fits(metadata, one) for one in wanted]
            if not (all(met) if name == "$and" else any(met)):
                return False
            continue
        asked = cast("Body", wanted) if isinstance(wanted, dict) else {"$eq": wanted}
        for operator, value in asked.items():
            _check(operator in _OPERATORS, f"There is no operator {operator}.")
            _check(operator not in ("$in", "$nin") or bool(value), f"{operator} takes a list that is not empty.")
            if not _OPERATORS[operator](metadata.get(name), value):
                return False
    return True


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise Refused(400, "ValidationException", message)
