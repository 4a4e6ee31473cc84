"""Who may ask the emulator anything: the administrator and sessions it issued, by a signature that is checked, and the
stack itself, by a secret, on the few paths that nobody signs.

The emulator by itself takes any other `Authorization`, a missing one, the key `test` and every key of 12 digits for the
account's root, checks no root's signature, and puts nothing before its control paths.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator, sigv4

from stepcrew_local.emulated import vectors
from stepcrew_local.origin_guard import App, Message, Receive, Scope, Send

SECRET_HEADER = b"x-stepcrew-secret"
OWN_PATHS = ("/_stepcrew/warm", "/_ministack/health")
API_PATHS = "/_aws/execute-api/"
"""What the gateway passes on: its callers have tokens, not signatures."""
SIGN_IN_PATHS = re.compile(r"/oauth2/(authorize|token)|/login|/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/[a-z-]+(\.json)?")
"""A user pool's sign-in pages and its issuer. They are public on AWS; here only who has the secret reaches them."""
MOST_BYTES = 256 * 1024 * 1024
"""Of a request: the bundle of a project is the largest there is."""
HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
QUEUE_PATH = re.compile(r"/\d{12}/[A-Za-z0-9_.-]+")
SCHEDULE_PATH = re.compile(r"/schedules/[A-Za-z0-9_.-]{1,64}")
INVOCATION_PATH = re.compile(r"/2015-03-31/functions/[A-Za-z0-9:_$-]{1,200}/invocations")
MAIL_PATH = re.compile(r"/v2/email/(outbound-emails|suppression/addresses/[^/]+)")
PRESIGNED = "X-Amz-Signature"


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused, in AWS's words."""

    code: str
    message: str


class Guard:
    """ASGI middleware that answers 403 to everybody else.

    Args:
        secret: what the gateway and the stack's own start send along.
        account: the one account.
        is_bucket: tells whether a bucket has this name.
    """

    def __init__(self, app: App, secret: str, account: str, is_bucket: Callable[[str], bool]) -> None:
        self._app = app
        self._secret = secret.encode()
        self._account = account
        self._is_bucket = is_bucket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        presented = [value for name, value in scope["headers"] if name.lower() == SECRET_HEADER]
        if presented:
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name.lower() != SECRET_HEADER]
            path: str = scope["path"]
            is_known = len(presented) == 1 and hmac.compare_digest(presented[0], self._secret)
            if is_known and (path in OWN_PATHS or path.startswith(API_PATHS) or SIGN_IN_PATHS.fullmatch(path)):
                await self._app(scope, receive, send)
            else:
                await _refuse(scope, send, Refusal("AccessDenied", "This is not the stack's own request."))
            return
        body = await _whole(receive)
        if body is None:
            await _refuse(scope, send, Refusal("RequestTooLarge", "The body is too large."))
        elif refusal := self._refusal(scope, body):
            await _refuse(scope, send, refusal)
        else:
            await self._app(scope, _again(body, receive), send)

    def _refusal(self, scope: Scope, body: bytes) -> Refusal | None:
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), sigv4.decode_header_value(value)
            headers[key] = f"{headers[key]},{text}" if key in headers else text
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        signature = _signature(headers, query)
        if isinstance(signature, Refusal):
            return signature
        presigned = "authorization" not in headers
        token = (query.get("X-Amz-Security-Token") or [""])[0] if presigned else headers.get("x-amz-security-token", "")
        known = iam_evaluator.resolve_credential(signature.access_key_id, self._account, token)
        if isinstance(known, iam_evaluator.CredentialResolutionError):
            return Refusal(known.code, known.message)
        late = _too_late(signature, query) if presigned else sigv4.request_time_failure(signature)
        if late:
            return Refusal(*late)
        unsigned = _unsigned_parts(headers, signature, body, presigned)
        if unsigned:
            return Refusal("SignatureDoesNotMatch", unsigned)
        raw_path = scope["raw_path"].decode("latin-1")
        failure = sigv4.header_signature_failure(
            signature, known.secret_access_key, scope["method"], raw_path, query, headers, body, presigned=presigned
        )
        if failure:
            return Refusal(failure[0], failure[1])
        return self._path_refusal(scope["path"], known.principal_type == "Root")

    def _path_refusal(self, path: str, is_root: bool) -> Refusal | None:
        """Control paths are nobody's; who is not root gets the front doors of the services, which check policies."""
        bucket = path.lstrip("/").split("/", 1)[0]
        if not path.startswith("/_") and (
            is_root
            or path == "/"
            or QUEUE_PATH.fullmatch(path)
            or SCHEDULE_PATH.fullmatch(path)
            or INVOCATION_PATH.fullmatch(path)
            or MAIL_PATH.fullmatch(path)
            or vectors.PATH.fullmatch(path)
            or self._is_bucket(bucket)
        ):
            return None
        return Refusal("AccessDenied", "No service of this account is reached under this path.")


def _signature(headers: dict[str, str], query: dict[str, list[str]]) -> sigv4.HeaderSignature | Refusal:
    authorization = headers.get("authorization")
    if authorization is None and PRESIGNED not in query:
        return Refusal("MissingAuthenticationToken", "Request is missing Authentication Token")
    if authorization is not None and (PRESIGNED in query or "X-Amz-Credential" in query):
        return Refusal("InvalidArgument", "Only one auth mechanism allowed.")
    if authorization is not None:
        if not authorization.startswith("AWS4-HMAC-SHA256 "):
            return Refusal("MissingAuthenticationToken", "Only signatures of version 4 are accepted.")
        found = sigv4.parse_header_signature(headers)
    else:
        if query.get("X-Amz-Algorithm") != ["AWS4-HMAC-SHA256"]:
            return Refusal("MissingAuthenticationToken", "Only signatures of version 4 are accepted.")
        found = sigv4.parse_query_signature(query)
    return Refusal(*found) if isinstance(found, tuple) else found


def _too_late(signature: sigv4.HeaderSignature, query: dict[str, list[str]]) -> tuple[str, str] | None:
    if signature.service != "s3":
        return "SignatureDoesNotMatch", "Only addresses of objects are signed in advance."
    try:
        expired = sigv4.presigned_request_is_expired(signature.amz_date, query["X-Amz-Expires"][0])
    except (KeyError, ValueError):
        expired = True
    return ("AccessDenied", "Request has expired") if expired else None


def _unsigned_parts(
    headers: dict[str, str], signature: sigv4.HeaderSignature, body: bytes, presigned: bool
) -> str | None:
    """What decides about the request must be under the signature: the host, Amazon's headers and the body."""
    signed = set(signature.signed_headers.split(";"))
    missing = [
        name
        for name in headers
        if (name == "host" or (name.startswith("x-amz-") and not presigned)) and name not in signed
    ]
    if missing:
        return f"Not signed: {', '.join(missing)}."
    claimed = headers.get("x-amz-content-sha256", "")
    if HEX_DIGEST.fullmatch(claimed) and claimed != hashlib.sha256(body).hexdigest():
        return "The provided 'x-amz-content-sha256' header does not match what was computed."
    if claimed and not HEX_DIGEST.fullmatch(claimed) and signature.service != "s3":
        return "Only objects are sent without a digest."
    return None


async def _whole(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body that was read already, then whatever comes."""
    waiting = [body]

    async def once_more() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return once_more


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    headers: dict[bytes, bytes] = {name.lower(): value for name, value in scope["headers"]}
    if b"x-amz-target" in headers or b"json" in headers.get(b"content-type", b""):
        kind = b"application/x-amz-json-1.0"
        content: Any = json.dumps({"__type": refusal.code, "message": refusal.message})
    else:
        kind = b"text/xml"
        error = f"<Error><Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message></Error>"
        is_form = b"form-urlencoded" in headers.get(b"content-type", b"")
        content = f"<ErrorResponse>{error}</ErrorResponse>" if is_form else error
    await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content.encode()})
