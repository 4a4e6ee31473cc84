"""Every error as an RFC 9457 problem document."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from aws_lambda_powertools import Logger
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from stepcrew.domain.definition import MAX_NAME
from stepcrew.domain.erasure import ErasureNotFound
from stepcrew.domain.errors import (
    BatchNotFound,
    BodyExpired,
    BudgetUsedUp,
    Category,
    Conflict,
    ConnectionNotFound,
    CrewNotFound,
    ExecutionExpired,
    ExecutionNotFound,
    Fault,
    IdempotencyInFlight,
    IdempotencyMismatch,
    InvalidRequest,
    NotAllowed,
    PlatformUnavailable,
    QuotaUsedUp,
    StepcrewError,
    ToolNotFound,
    TooManyOpen,
    TriggerNotFound,
    WebhookNotFound,
)
from stepcrew.domain.faults import MAX_FAULTS, remedy_for
from stepcrew.domain.files import FileMissing
from stepcrew.domain.knowledge_requests import EmbeddingRefused
from stepcrew.domain.memory import EmbedderUnusable, ScopeInvalid, ScopeNotFound
from stepcrew.domain.places import escape
from stepcrew.domain.references import MISSING_INPUT
from stepcrew.domain.signatures import BadSignature
from stepcrew.log_context import about
from stepcrew_api.amp_shapes import AmpError
from stepcrew_api.identity import subject_of
from stepcrew_api.schemas import Problem
from stepcrew_api.tokens import Unauthenticated
from stepcrew_api.views import PREFIX

logger = Logger(child=True)

MEDIA_TYPE = "application/problem+json"
AMP_PREFIX = f"{PREFIX}/amp/"
"""Below it, errors have the shape of CrewAI's hosted API."""


class BadRequest(StepcrewError):
    """The body cannot be read at all."""

    category = Category.INPUT
    remedy = "Send a JSON object."


class TooLarge(StepcrewError):
    category = Category.INPUT
    remedy = "Make the body smaller."


class UnsupportedMediaType(StepcrewError):
    category = Category.INPUT
    remedy = "Send application/json or application/yaml."


STATUS: dict[type[StepcrewError], int] = {
    InvalidRequest: 422,
    ExecutionNotFound: 404,
    ExecutionExpired: 410,
    CrewNotFound: 404,
    ToolNotFound: 404,
    ConnectionNotFound: 404,
    BodyExpired: 410,
    TriggerNotFound: 404,
    WebhookNotFound: 404,
    BatchNotFound: 404,
    EmbedderUnusable: 422,
    ErasureNotFound: 404,
    ScopeInvalid: 422,
    ScopeNotFound: 404,
    FileMissing: 404,
    BadSignature: 401,
    NotAllowed: 403,
    Unauthenticated: 401,
    TooManyOpen: 429,
    EmbeddingRefused: 502,
    BudgetUsedUp: 402,
    IdempotencyMismatch: 422,
    IdempotencyInFlight: 409,
    Conflict: 409,
    PlatformUnavailable: 503,
    QuotaUsedUp: 503,
    BadRequest: 400,
    TooLarge: 413,
    UnsupportedMediaType: 415,
}


def answer(status: int, error: StepcrewError, request: Request, faults: list[Fault] | None = None) -> JSONResponse:
    headers = {"Cache-Control": "no-store"} | (
        {"Retry-After": str(error.retry_after_seconds)} if error.retryable else {}
    )
    if request.url.path.startswith(AMP_PREFIX):
        return JSONResponse(_as_amp(status, error, faults or []).model_dump(exclude_none=True), status, headers)
    problem = Problem(
        type=f"urn:stepcrew:problem:{_dashed(type(error).__name__)}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=error.message,
        category=error.category,
        retryable=error.retryable,
        remedy=error.remedy,
        errors=faults or [],
        request_id=request_id(request),
    )
    return JSONResponse(problem.model_dump(mode="json"), status, headers, MEDIA_TYPE)


def _as_amp(status: int, error: StepcrewError, faults: list[Fault]) -> AmpError:
    missing = [fault.pointer.removeprefix("/inputs/") for fault in faults if fault.code == MISSING_INPUT]
    return AmpError(
        error=HTTPStatus(status).phrase,
        message=f"{error.message} {error.remedy or ''}".strip(),
        details={"missing_inputs": list(missing)} if missing else None,
    )


def amp_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented errors of an endpoint that answers as CrewAI's hosted API."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/AmpError"}}}
    return {status: {**described, "content": content} for status, described in responses(*statuses).items()}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented problems of an endpoint."""
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: reference}}
        for status in sorted({401, 403, 422, 500, 503, *statuses})
    }


def install(app: FastAPI) -> None:
    app.add_exception_handler(StepcrewError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _ours(request: Request, error: Exception) -> JSONResponse:
    known = cast(StepcrewError, error)
    faults = known.faults if isinstance(known, InvalidRequest) else None
    return answer(STATUS.get(type(known), 500), known, request, faults)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    faults = [_fault(detail) for detail in cast(RequestValidationError, error).errors()[:MAX_FAULTS]]
    message = f"The request has {len(faults)} fault{'s' if len(faults) > 1 else ''}: {faults[0].detail}"
    return answer(422, InvalidRequest(message), request, faults)


def _fault(detail: dict[str, Any]) -> Fault:
    where, *rest = [str(step) for step in detail["loc"]]
    pointer = "".join(f"/{escape(step)}" for step in rest) if where == "body" else ""
    name = rest[-1] if rest else where
    message = str(detail["msg"]).removeprefix("Value error, ")
    kind = str(detail["type"])
    told = f"{name[:MAX_NAME]}: {message[:1].lower()}{message[1:]}."
    return Fault(pointer=pointer, code=kind, detail=told, remedy=remedy_for(kind, detail.get("ctx")))


def _http(request: Request, error: Exception) -> JSONResponse:
    status = cast(HTTPException, error).status_code
    told = {404: "There is nothing at this address.", 405: "This address does not take that method."}
    known = BadRequest(told.get(status, str(cast(HTTPException, error).detail)), remedy="See /api/docs.")
    response = answer(status, known, request)
    response.headers.update(cast(HTTPException, error).headers or {})
    return response


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # The boundary of the API: whatever escapes is a bug, told to the operator in the log and to the caller by its id.
    with about(**subject_of(request)):
        logger.exception("Unexpected error", exc_info=error)
    return answer(500, StepcrewError("Something went wrong on our side.", remedy="Tell us the request_id."), request)


def request_id(request: Request) -> str | None:
    """As the access log of API Gateway has it."""
    context = cast("dict[str, Any]", request.scope.get("aws.event", {})).get("requestContext", {})
    return context.get("requestId") or request.headers.get("x-request-id")


def _dashed(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
