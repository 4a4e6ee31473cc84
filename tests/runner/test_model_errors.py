"""Every row of docs/model-errors.md, as the providers' own clients raise it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from stepcrew.domain.errors import Category
from stepcrew_runner.crew.failures import explain, model_failure
from stepcrew_runner.crew.provider_answers import refusal_of
from stepcrew_runner.crew.provider_errors import CATALOGUE, Refusal

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/model-errors.md"
REQUEST = httpx.Request("POST", "https://provider.example/v1")


def from_openai(http: int, message: str = "no", **error: Any) -> Exception:
    """As OpenAI's client makes it, which OpenRouter, Groq and Azure are called with too."""
    client = openai.OpenAI(api_key="k", base_url="https://provider.example/v1")
    body = {"error": {"message": message, **error}}
    response = httpx.Response(http, json=body, request=REQUEST)
    return client._make_status_error_from_response(response)  # pyright: ignore[reportPrivateUsage]


def from_anthropic(status: int, kind: str, message: str = "no") -> Exception:
    client = anthropic.Anthropic(api_key="k")
    body = {"type": "error", "error": {"type": kind, "message": message}}
    response = httpx.Response(status, json=body, request=REQUEST)
    return client._make_status_error_from_response(response)  # pyright: ignore[reportPrivateUsage]


def from_bedrock(status: int, code: str, message: str = "no") -> Exception:
    """As CrewAI passes it on: with words of its own, the client's exception behind them."""
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = RuntimeError(f"Something failed: {message}")
    error.__cause__ = ClientError(answer, "Converse")
    return error


TPM = "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 35000."
WINDOW = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
ROWS: list[tuple[Exception, str]] = [
    (
        from_openai(429, "You exceeded your current quota", type="insufficient_quota", code="insufficient_quota"),
        "ModelQuotaExceeded",
    ),
    (from_openai(400, "Billing hard limit reached", code="billing_hard_limit_reached"), "ModelQuotaExceeded"),
    (from_openai(402, "Insufficient credits", code=402), "ModelQuotaExceeded"),
    (
        from_anthropic(400, "invalid_request_error", "Your credit balance is too low to access the API."),
        "ModelQuotaExceeded",
    ),
    (from_anthropic(402, "billing_error"), "ModelQuotaExceeded"),
    (from_bedrock(400, "ServiceQuotaExceededException"), "ModelQuotaExceeded"),
    (from_openai(429, TPM, type="tokens", code="rate_limit_exceeded"), "ModelRequestAboveRate"),
    (from_openai(429, "Rate limit reached", code="rate_limit_exceeded"), "ModelRateLimit"),
    (from_openai(498, "Flex tier capacity exceeded", code="capacity_exceeded"), "ModelRateLimit"),
    (from_openai(429, "Resource has been exhausted", status="RESOURCE_EXHAUSTED"), "ModelRateLimit"),
    (from_anthropic(429, "rate_limit_error"), "ModelRateLimit"),
    (from_bedrock(429, "ThrottlingException", "Too many tokens, please wait before trying again."), "ModelRateLimit"),
    (from_openai(400, WINDOW, code="context_length_exceeded"), "ContextTooLong"),
    (from_openai(400, "Your input exceeds the context window of this model."), "ContextTooLong"),
    (
        from_openai(400, "Please reduce the length of the messages or completion.", code="context_length_exceeded"),
        "ContextTooLong",
    ),
    (from_openai(400, "The input token count (9) exceeds the maximum number of tokens allowed (8)."), "ContextTooLong"),
    (
        from_openai(400, "the request exceeds the available context size", type="exceed_context_size_error"),
        "ContextTooLong",
    ),
    (
        from_anthropic(400, "invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum"),
        "ContextTooLong",
    ),
    (
        from_anthropic(400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 9 + 8 > 10"),
        "ContextTooLong",
    ),
    (from_bedrock(400, "ValidationException", "Input is too long for requested model."), "ContextTooLong"),
    (
        from_bedrock(400, "ValidationException", "Input Tokens Exceeded: Number of input tokens exceeds"),
        "ContextTooLong",
    ),
    (from_openai(413), "ModelRequestTooLarge"),
    (from_anthropic(413, "request_too_large"), "ModelRequestTooLarge"),
    (from_openai(400, "The response was filtered", code="content_filter"), "ModelRefusedContent"),
    (from_openai(400, "Invalid prompt", code="content_policy_violation"), "ModelRefusedContent"),
    (from_openai(403, "openai/gpt-4o requires moderation on OpenRouter"), "ModelRefusedContent"),
    (from_openai(404, "The model `x` does not exist", code="model_not_found"), "ModelNotFound"),
    (from_openai(400, "The model has been decommissioned", code="model_decommissioned"), "ModelNotFound"),
    (from_anthropic(404, "not_found_error"), "ModelNotFound"),
    (from_bedrock(404, "ResourceNotFoundException"), "ModelNotFound"),
    (from_bedrock(400, "ValidationException", "The provided model identifier is invalid."), "ModelNotFound"),
    (
        from_bedrock(400, "ValidationException", "Invocation of model ID x with on-demand throughput isn’t supported."),
        "ModelNotFound",
    ),
    (from_openai(401, "Incorrect API key provided", code="invalid_api_key"), "ModelAuthentication"),
    (from_openai(403, "Country, region, or territory not supported"), "ModelAuthentication"),
    (from_anthropic(401, "authentication_error"), "ModelAuthentication"),
    (from_anthropic(403, "permission_error"), "ModelAuthentication"),
    (from_bedrock(403, "AccessDeniedException"), "ModelAuthentication"),
    (from_bedrock(403, "UnrecognizedClientException"), "ModelAuthentication"),
    (from_bedrock(403, "ExpiredTokenException"), "ModelAuthentication"),
    (NoCredentialsError(), "ModelAuthentication"),
    (from_openai(500, type="server_error"), "ModelUnavailable"),
    (from_openai(503, "The engine is currently overloaded"), "ModelUnavailable"),
    (from_openai(524), "ModelUnavailable"),
    (from_openai(408), "ModelUnavailable"),
    (openai.APITimeoutError(REQUEST), "ModelUnavailable"),
    (openai.APIConnectionError(request=REQUEST), "ModelUnavailable"),
    (from_anthropic(500, "api_error"), "ModelUnavailable"),
    (from_anthropic(504, "timeout_error"), "ModelUnavailable"),
    (from_anthropic(529, "overloaded_error", "Overloaded"), "ModelUnavailable"),
    (from_bedrock(500, "InternalServerException"), "ModelUnavailable"),
    (from_bedrock(503, "ServiceUnavailableException"), "ModelUnavailable"),
    (from_bedrock(408, "ModelTimeoutException"), "ModelUnavailable"),
    (from_bedrock(429, "ModelNotReadyException"), "ModelUnavailable"),
    (from_bedrock(424, "ModelErrorException"), "ModelUnavailable"),
    (EndpointConnectionError(endpoint_url="https://bedrock"), "ModelUnavailable"),
    (from_openai(400, "Unsupported value: 'temperature'", code="unsupported_value"), "ModelRefusedRequest"),
    (from_openai(422, "Unprocessable"), "ModelRefusedRequest"),
    (from_openai(418, "A status nobody knows"), "ModelRefusedRequest"),
    (from_anthropic(400, "invalid_request_error", "max_tokens: required"), "ModelRefusedRequest"),
    (from_bedrock(400, "ValidationException", "temperature is not allowed"), "ModelRefusedRequest"),
]


@pytest.mark.parametrize(("error", "kind"), ROWS, ids=lambda value: str(value)[:60])
def test_each_refusal_of_a_provider_has_its_kind(error: Exception, kind: str) -> None:
    known = next(refusal for refusal in CATALOGUE if refusal.type == kind)
    found = explain(error, "write")
    assert (found.type, found.category, found.retryable, found.remedy) == (
        kind,
        known.category,
        known.retryable,
        known.remedy,
    )
    assert model_failure(error, str(error), "write", None) == found
    named = explain(error, "write", model="router/llama")
    assert named.message.startswith(f"{known.sentence} in crew task write (model router/llama): ")
    assert model_failure(error, str(error), "write", "router/llama") == named


@pytest.mark.parametrize(
    "error",
    [error for error, _ in ROWS if isinstance(error, openai.APIStatusError | anthropic.APIStatusError)],
    ids=str,
)
def test_the_text_alone_says_the_same(error: Exception) -> None:
    """CrewAI passes some errors on as texts (of a guardrail's or a planner's model)."""
    assert refusal_of(None, f"Error while validating the task output: {error}") == refusal_of(error)


def test_every_kind_is_tested() -> None:
    assert {kind for _, kind in ROWS} == {refusal.type for refusal in CATALOGUE}


def test_only_what_passes_by_itself_is_worth_another_try() -> None:
    assert {one.type for one in CATALOGUE if one.retryable} == {"ModelRateLimit", "ModelUnavailable"}
    assert {one.category for one in CATALOGUE} == {Category.MODEL, Category.MODEL_RATE_LIMIT}


def test_the_document_has_the_table_that_the_runner_uses() -> None:
    shown = [line for line in DOCUMENT.read_text().splitlines() if line.startswith(("| `Model", "| `Context"))]
    assert shown == [row(one) for one in CATALOGUE]


def row(one: Refusal) -> str:
    helps = "yes" if one.retryable else "no"
    return f"| `{one.type}` | `{one.category.value}` | {helps} | {one.sentence}. | {one.remedy} |"
