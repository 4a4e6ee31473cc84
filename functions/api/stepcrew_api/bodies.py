"""Reads the body of a request: JSON or YAML, bounded, every fault with its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from stepcrew.domain.budgets import Budgets
from stepcrew.domain.connection import ConnectionSpec
from stepcrew.domain.decision_link import LinkSetting
from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.faults import MAX_FAULTS
from stepcrew.domain.function_tool import FunctionToolSpec
from stepcrew.domain.json_text import NotJson, read_json
from stepcrew.domain.model_prices import PriceList
from stepcrew.domain.trigger import TriggerSpec
from stepcrew.domain.webhook import WebhookSpec
from stepcrew.domain.yaml_text import read_yaml
from stepcrew_api.amp_shapes import AmpKickoff, AmpResume
from stepcrew_api.approval_views import FeedbackRequest
from stepcrew_api.batch_schemas import BatchRequest
from stepcrew_api.body_shapes import (
    AliasToMove,
    BundleToUpload,
    CrewRequest,
    CrewToStore,
    FileToUpload,
    ProjectToRead,
    ProjectToStore,
    RerunRequest,
    Rollback,
    SecretToSet,
)
from stepcrew_api.mcp.shapes import McpMessage
from stepcrew_api.memory_schemas import ReembedRequest
from stepcrew_api.problems import BadRequest, TooLarge, UnsupportedMediaType
from stepcrew_api.trigger_schemas import Sample

MAX_BODY_BYTES = 5_000_000
MAX_VALUES = 250_000
JSON, YAML = "application/json", ("application/yaml", "application/x-yaml", "text/yaml")

Shape = TypeVar("Shape", bound=BaseModel)
Reader = Callable[[Request], Awaitable[Shape]]

SHAPES: list[type[BaseModel]] = []
"""Of all bodies: routes name them by reference only, so the API's document has to be told of them."""


def _documented(read: Reader[Shape], shape: type[Shape]) -> Reader[Shape]:
    """The reader of a body, with what the API's document says of it."""
    SHAPES.append(shape)
    content = {
        JSON: {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}},
        YAML[0]: {"schema": {"type": "string"}},
    }
    read.request_body = {"required": True, "content": content}  # pyright: ignore[reportFunctionMemberAccess]
    return read


async def crew_request(request: Request) -> CrewRequest:
    """Raises `InvalidRequest` unless exactly one of `config` and `crew` is there, and as `_read_as` does."""
    body = await _read_as(CrewRequest, request)
    if (body.config is None) == (body.crew is None):
        both = body.crew is not None
        told = "Give config or crew, not both." if both else "config is missing, and no stored crew is named."
        pointer, code = ("/crew", "ambiguous") if both else ("/config", "missing")
        remedy = "Remove one of them." if both else "Add config, or crew."
        raise InvalidRequest.at(pointer, code, told, remedy)
    return body


def _reads(shape: type[Shape]) -> Reader[Shape]:
    async def read(request: Request) -> Shape:
        return await _read_as(shape, request)

    return _documented(read, shape)


async def _read_as(shape: type[Shape], request: Request) -> Shape:
    """Raises `TooLarge`, `UnsupportedMediaType`, `BadRequest` or FastAPI's RequestValidationError."""
    raw = await request.body()
    if len(raw) > MAX_BODY_BYTES:
        raise TooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")
    document = _read(request.headers.get("content-type", "").partition(";")[0].strip().lower(), raw)
    if not isinstance(document, dict):
        raise BadRequest("The body must be an object.")
    try:
        return shape.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:MAX_FAULTS]
        raise RequestValidationError([{**detail, "loc": ("body", *detail["loc"])} for detail in found]) from error


def _read(media_type: str, raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest("The body is not UTF-8.") from error
    if media_type in YAML:
        parsed = read_yaml(text, "")
        if parsed.faults:
            raise InvalidRequest.of(parsed.faults)
        return parsed.value
    if media_type != JSON and not media_type.endswith("+json"):
        raise UnsupportedMediaType(f"The content type {media_type or '(none)'!r} is not supported.")
    # Before it is read, since every value takes many times its characters of memory. Commas in texts count too.
    if text.count(",") + text.count("[") + text.count("{") > MAX_VALUES:
        raise TooLarge(f"The body has more than {MAX_VALUES} values.")
    try:
        return read_json(text)
    except NotJson as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error


Submitted = Annotated[CrewRequest, Depends(_documented(crew_request, CrewRequest))]
ToStore = Annotated[CrewToStore, Depends(_reads(CrewToStore))]
SecretBody = Annotated[SecretToSet, Depends(_reads(SecretToSet))]
ProjectBody = Annotated[ProjectToStore, Depends(_reads(ProjectToStore))]
ReadingBody = Annotated[ProjectToRead, Depends(_reads(ProjectToRead))]
BundleBody = Annotated[BundleToUpload, Depends(_reads(BundleToUpload))]
FileBody = Annotated[FileToUpload, Depends(_reads(FileToUpload))]
RerunBody = Annotated[RerunRequest, Depends(_reads(RerunRequest))]
AliasBody = Annotated[AliasToMove, Depends(_reads(AliasToMove))]
RollbackBody = Annotated[Rollback, Depends(_reads(Rollback))]
FeedbackBody = Annotated[FeedbackRequest, Depends(_reads(FeedbackRequest))]
TriggerBody = Annotated[TriggerSpec, Depends(_reads(TriggerSpec))]
SampleBody = Annotated[Sample, Depends(_reads(Sample))]
BudgetsBody = Annotated[Budgets, Depends(_reads(Budgets))]
PricesBody = Annotated[PriceList, Depends(_reads(PriceList))]
BatchBody = Annotated[BatchRequest, Depends(_reads(BatchRequest))]
WebhookBody = Annotated[WebhookSpec, Depends(_reads(WebhookSpec))]
LinksBody = Annotated[LinkSetting, Depends(_reads(LinkSetting))]
ReembedBody = Annotated[ReembedRequest, Depends(_reads(ReembedRequest))]
ToolBody = Annotated[FunctionToolSpec, Depends(_reads(FunctionToolSpec))]
ConnectionBody = Annotated[ConnectionSpec, Depends(_reads(ConnectionSpec))]
McpBody = Annotated[McpMessage, Depends(_reads(McpMessage))]
KickoffBody = Annotated[AmpKickoff, Depends(_reads(AmpKickoff))]
ResumeBody = Annotated[AmpResume, Depends(_reads(AmpResume))]
