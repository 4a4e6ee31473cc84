"""Amazon S3 Vectors inside the test process. Requests go through botocore, which refuses what the service's description
does not know, to the stand-in of the local stack."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse

from stepcrew.aws.clients import Clients
from stepcrew.aws.vector_bucket import VectorBucket
from stepcrew_local.vectors import VectorsStandIn


class _Raw:
    """An answer's body, as botocore reads it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        return [self._content]


def vector_bucket(clients: Clients) -> tuple[VectorsStandIn, VectorBucket]:
    """One that is empty, with what answers for it."""
    vectors = VectorsStandIn()
    clients.watch(_answering(vectors))
    return vectors, VectorBucket(clients, "vectors")


def _answering(vectors: VectorsStandIn) -> Callable[[Any], None]:
    def answer(request: Any, **_: Any) -> AWSResponse:
        operation = str(request.url).rpartition("/")[2]
        status, code, body = vectors.answer(operation, json.loads(request.body or b"{}"))
        headers: Any = {"content-type": "application/json", **({"x-amzn-errortype": code} if code else {})}
        raw: Any = _Raw(json.dumps(body).encode())
        return AWSResponse(request.url, status, headers, raw)

    def watch(client: Any) -> None:
        if client.meta.service_model.service_name == "s3vectors":
            client.meta.events.register_first("before-send.s3vectors", answer)

    return watch
