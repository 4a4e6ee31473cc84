"""The stack's vector bucket: indexes of Amazon S3 Vectors, each for one generation of one root scope of memory.

Limits: 10,000 indexes in a bucket, 4,096 dimensions, 2 KB of metadata that queries filter by, 500 vectors in a put or
delete, 100 in a get (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-limitations.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.vectors import dimension_of, pack, unpack

MOST_DIMENSIONS = 4_096
MOST_FOUND = 100
"""By one query, on one page (https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_QueryVectors.html)."""
_MOST_PUT, _MOST_READ, _MOST_LISTED = 500, 100, 1_000

Answer = TypeVar("Answer")


class Hit(NamedTuple):
    """`score` is the cosine, and 0 where that is negative."""

    key: str
    score: float
    metadata: Mapping[str, Any]


class VectorBucket:
    """Every operation is safe to repeat. An index that is not there is an empty one.

    Args:
        name: empty where the stack has none; then every operation raises `PlatformUnavailable`.
    """

    def __init__(self, clients: Clients, name: str) -> None:
        self._clients = clients
        self._name = name

    @property
    def exists(self) -> bool:
        return bool(self._name)

    def put(self, index: str, key: str, vector: bytes, metadata: Mapping[str, Any]) -> None:
        """Writes a vector; the first one of an index makes it."""
        new = {"key": key, "data": {"float32": unpack(vector)}, "metadata": metadata}
        if self._unless_absent(lambda: self._client.put_vectors(**self._of(index), vectors=[new])) is None:
            self._make(index, dimension_of(vector))
            with platform_errors("Keeping a vector"):
                self._client.put_vectors(**self._of(index), vectors=[new])

    def vectors(self, index: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Those that are there, by key."""
        found: dict[str, bytes] = {}
        for some in _in_parts(keys, _MOST_READ):
            answer = self._unless_absent(
                lambda some=some: self._client.get_vectors(**self._of(index), keys=some, returnData=True)
            )
            for entry in answer["vectors"] if answer else ():
                found[entry["key"]] = pack(entry["data"]["float32"])
        return found

    def nearest(self, index: str, wanted: bytes, most: int, among: Mapping[str, Any] | None) -> list[Hit] | None:
        """The most alike first; None where there is no such index. `among` is a filter in the form of S3 Vectors
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-metadata-filtering.html)."""
        answer = self._unless_absent(
            lambda: self._client.query_vectors(
                **self._of(index),
                **({"filter": among} if among else {}),
                topK=min(most, MOST_FOUND),
                queryVector={"float32": unpack(wanted)},
                returnDistance=True,
                returnMetadata=True,
            )
        )
        if answer is None:
            return None
        return [
            Hit(entry["key"], min(max(1.0 - entry["distance"], 0.0), 1.0), entry.get("metadata", {}))
            for entry in answer["vectors"]
        ]

    def remove(self, index: str, keys: Sequence[str]) -> None:
        for some in _in_parts(keys, _MOST_PUT):
            self._unless_absent(lambda some=some: self._client.delete_vectors(**self._of(index), keys=some))

    def drop(self, index: str) -> int:
        """Removes the index; how many vectors were in it."""
        gone = sum(1 for _ in self._keys(index))
        self._unless_absent(lambda: self._client.delete_index(**self._of(index)))
        return gone

    def _keys(self, index: str) -> Iterator[str]:
        token: dict[str, str] = {}
        while True:
            answer = self._unless_absent(
                lambda token=token: self._client.list_vectors(**self._of(index), maxResults=_MOST_LISTED, **token)
            )
            for entry in answer["vectors"] if answer else ():
                yield entry["key"]
            if not answer or not answer.get("nextToken"):
                return
            token = {"nextToken": answer["nextToken"]}

    def _make(self, index: str, dimension: int) -> None:
        with platform_errors("Making an index of vectors"):
            try:
                self._client.create_index(
                    **self._of(index), dataType="float32", dimension=dimension, distanceMetric="cosine"
                )
            except ClientError as error:
                if code_of(error) != "ConflictException":  # another attempt made it at this moment
                    raise

    def _unless_absent(self, ask: Callable[[], Answer]) -> Answer | None:
        with platform_errors("Asking the index of vectors"):
            try:
                return ask()
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise
                return None

    @property
    def _client(self) -> Any:
        return self._clients.s3vectors

    def _of(self, index: str) -> dict[str, str]:
        if not self._name:
            raise PlatformUnavailable(
                "This stack has no vector bucket.",
                remedy="Tell the operator: vectors of this memory lie in Amazon S3 Vectors (DeployVectorBucket).",
            )
        return {"vectorBucketName": self._name, "indexName": index}


def _in_parts(keys: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), most):
        yield keys[start : start + most]
