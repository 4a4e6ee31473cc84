"""Objects that are not there: S3 says so only to callers who may list them, and to others that they may not know.

The prefix that such a caller must be allowed to list is the object's own key. Sources: GetObject and HeadObject in the
Amazon S3 API reference, "Permissions"; the prefix was found on AWS by Ceph (pull request 68577 of ceph/ceph).
"""

from __future__ import annotations

from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import get_region
from ministack.core.router import extract_access_key_id

_handle = app.SERVICE_HANDLERS["s3"]
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def install() -> None:
    """Puts itself between requests and the bucket's objects."""
    app.SERVICE_HANDLERS["s3"] = handle


async def handle(
    method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
) -> tuple[int, dict[str, str], Any]:
    """As the emulator's, but 403 for an object that is not there and may not be listed."""
    answer = await _handle(method, path, headers, body, query_params)
    bucket, _, key = path.lstrip("/").partition("/")
    if answer[0] != 404 or method not in ("GET", "HEAD") or not key:
        return answer
    refused = iam_evaluator.enforce(
        extract_access_key_id(headers, query_params),
        "s3:ListBucket",
        "s3",
        get_region(),
        f"arn:aws:s3:::{bucket}",
        {"s3:prefix": key},
    )
    return (403, {"Content-Type": "application/xml"}, b"" if method == "HEAD" else DENIED) if refused else answer
