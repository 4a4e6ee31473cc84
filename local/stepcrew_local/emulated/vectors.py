"""Amazon S3 Vectors, which the emulator does not have: the stand-in of `stepcrew_local.vectors` behind the emulator's
signatures and policies, and its bucket for CloudFormation. With the stack's state, vectors survive a restart.

Source: service authorization reference, Amazon S3 Vectors: each of these operations is asked for on the index.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_evaluator, router
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services.cloudformation import provisioners

from stepcrew_local.vectors import Index, Refused, VectorsStandIn, place_of

SERVICE = "s3vectors"
PATH = re.compile(r"/(CreateIndex|DeleteIndex|DeleteVectors|GetVectors|ListVectors|PutVectors|QueryVectors)")
WRITES = ("CreateIndex", "DeleteIndex", "DeleteVectors", "PutVectors")

_vectors = VectorsStandIn()


def install() -> None:
    """Puts itself among the services, which are found by the scope of a signature."""
    router.SERVICE_PATTERNS[SERVICE] = {}
    app.SERVICE_HANDLERS[SERVICE] = handle
    provisioners._RESOURCE_HANDLERS["AWS::S3Vectors::VectorBucket"] = {"create": make_bucket, "delete": remove_bucket}
    file = _file()
    if file and file.exists():
        for bucket, name, dimension, vectors in json.loads(file.read_text()):
            _vectors.indexes[bucket, name] = Index(dimension, vectors)


async def handle(
    _method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
) -> tuple[int, dict[str, str], Any]:
    operation, request = path.lstrip("/"), json.loads(body or b"{}")
    try:
        bucket, index = place_of(request)
    except Refused as refusal:
        return _answer(refusal.status, refusal.code, {"message": refusal.message})
    denied = iam_evaluator.enforce(
        extract_access_key_id(headers, query_params),
        f"{SERVICE}:{operation}",
        SERVICE,
        get_region(),
        f"{_arn(bucket)}/index/{index}",
        {},
    )
    if denied:
        return _answer(403, "AccessDeniedException", {"message": f"You may not ask for {operation} on {index}."})
    answer = _answer(*_vectors.answer(operation, request))
    if operation in WRITES:
        _keep()
    return answer


def make_bucket(_logical_id: str, props: dict[str, Any], _stack_name: str) -> tuple[str, dict[str, str]]:
    """What `Ref` answers, and the attributes."""
    arn = _arn(props["VectorBucketName"])
    return arn, {"VectorBucketArn": arn}


def remove_bucket(_physical_id: str, _props: dict[str, Any]) -> None:
    """Its indexes stay, as the bucket of the template does."""


def _arn(bucket: str) -> str:
    return f"arn:aws:{SERVICE}:{get_region()}:{get_account_id()}:bucket/{bucket}"


def _answer(status: int, code: str, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    headers = {"Content-Type": "application/json", **({"x-amzn-errortype": code} if code else {})}
    return status, headers, json.dumps(body).encode()


def _file() -> Path | None:
    folder = os.environ.get("STATE_DIR")
    return Path(folder) / "vectors.json" if folder else None


def _keep() -> None:
    file = _file()
    if file:
        kept = [(*place, index.dimension, index.vectors) for place, index in _vectors.indexes.items()]
        new = file.with_suffix(".new")
        new.write_text(json.dumps(kept))
        new.replace(file)
