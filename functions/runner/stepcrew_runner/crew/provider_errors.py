"""What providers of models refuse requests with, and what each of it means for a crew.

The table is the providers' own: OpenAI https://platform.openai.com/docs/guides/error-codes, Anthropic
https://docs.anthropic.com/en/api/errors, Bedrock
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, Azure
https://learn.microsoft.com/azure/ai-foundry/openai/quotas-limits, Gemini
https://ai.google.dev/gemini-api/docs/troubleshooting, Groq https://console.groq.com/docs/errors, OpenRouter
https://openrouter.ai/docs/api-reference/errors. Readers find it in docs/model-errors.md.
"""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.errors import Category

KEEPER = "whoever keeps the key (the operator, or an admin of the group for a connection or code of its own)"


class Refusal(NamedTuple):
    """One kind. It is recognised by the provider's own `codes` (of its error document, or the name of its client's
    exception, both without underscores and in lower case), by `phrases` of its message (in lower case), and, where no
    kind knows either, by the HTTP `statuses`."""

    type: str
    category: Category
    retryable: bool
    sentence: str
    remedy: str
    codes: frozenset[str] = frozenset()
    phrases: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()


def _codes(text: str) -> frozenset[str]:
    return frozenset(word.replace("_", "").lower() for word in text.split())


QUOTA = Refusal(
    "ModelQuotaExceeded",
    Category.MODEL,
    False,
    "The account with the model provider has no credit or quota left",
    f"Ask {KEEPER} to raise the quota or top up the account, or choose a model of another provider.",
    _codes(
        "insufficient_quota billing_hard_limit_reached billing_not_active billing_error account_deactivated"
        " ServiceQuotaExceededException"
    ),
    (
        "exceeded your current quota",
        "credit balance is too low",
        "insufficient credits",
        "service quota exceeded",
        "reached its specified api usage limits",
    ),
    (402,),
)
ABOVE_RATE = Refusal(
    "ModelRequestAboveRate",
    Category.MODEL_RATE_LIMIT,
    False,
    "One request alone is larger than the model provider allows the account in a minute",
    f"Shorten descriptions, context or max_tokens, or ask {KEEPER} for a higher limit.",
    phrases=("request too large for",),
)
RATE_LIMIT = Refusal(
    "ModelRateLimit",
    Category.MODEL_RATE_LIMIT,
    True,
    "The model provider refused more calls for now",
    "Submit it again later, or set max_rpm.",
    _codes(
        "rate_limit_exceeded rate_limit_error RateLimitError ThrottlingException TooManyRequestsException"
        " RESOURCE_EXHAUSTED capacity_exceeded"
    ),
    ("rate limit", "too many requests", "too many tokens, please wait", "api throttled", "please retry in"),
    (429, 498),
)
TOO_LONG = Refusal(
    "ContextTooLong",
    Category.MODEL,
    False,
    "The conversation is longer than the model can read",
    "Shorten descriptions or context, let the agent summarize (respect_context_window), or choose a model with a larger"
    " window.",
    _codes("context_length_exceeded exceed_context_size_error string_above_max_length LLMContextLengthExceededError"),
    (
        "maximum context length",
        "exceeds the context window",
        "exceed context limit",
        "context length exceeded",
        "prompt is too long",
        "input is too long",
        "input tokens exceeded",
        "exceeds the maximum number of tokens allowed",
        "exceeds the available context size",
        "exceeds the maximum allowed input length",
        "reduce the length of the messages",
    ),
)
TOO_LARGE = Refusal(
    "ModelRequestTooLarge",
    Category.MODEL,
    False,
    "The request is larger than the model provider accepts",
    "Shorten descriptions, context or the tools' results.",
    _codes("request_too_large"),
    statuses=(413,),
)
CONTENT = Refusal(
    "ModelRefusedContent",
    Category.MODEL,
    False,
    "The model provider refused the content of the request",
    "Change what the crew writes about; the provider's policy is in its answer.",
    _codes(
        "content_policy_violation content_filter ResponsibleAIPolicyViolation moderation ContentFilterFinishReasonError"
    ),
    (
        "content management policy",
        "requires moderation",
        "flagged as potentially violating",
        "content filtering policy",
    ),
)
UNKNOWN_MODEL = Refusal(
    "ModelNotFound",
    Category.MODEL,
    False,
    "The model provider does not know the model, or does not offer it to the account",
    "Check the model's name, and the address of its connection where it has one.",
    _codes(
        "model_not_found not_found_error NotFoundError ResourceNotFoundException DeploymentNotFound"
        " model_decommissioned"
    ),
    (
        "model identifier is invalid",
        "on-demand throughput isn",
        "is not a valid model id",
        "no endpoints found",
        "has been decommissioned",
    ),
    (404, 410),
)
AUTHENTICATION = Refusal(
    "ModelAuthentication",
    Category.MODEL,
    False,
    "The model provider did not accept the key",
    f"Ask {KEEPER} to check the key and what it allows.",
    _codes(
        "invalid_api_key authentication_error AuthenticationError permission_error PermissionDeniedError"
        " AccessDeniedException UnrecognizedClientException InvalidSignatureException ExpiredTokenException"
        " NoCredentialsError unsupported_country_region_territory PERMISSION_DENIED UNAUTHENTICATED"
    ),
    ("incorrect api key", "access denied to model"),
    (401, 403),
)
UNAVAILABLE = Refusal(
    "ModelUnavailable",
    Category.MODEL,
    True,
    "The model provider did not answer",
    "Submit it again; if it stays, raise the model's timeout, or check the address of its connection where it has one.",
    _codes(
        "overloaded_error api_error timeout_error server_error engine_overloaded APITimeoutError APIConnectionError"
        " InternalServerError InternalServerException ServiceUnavailableException ModelTimeoutException"
        " ModelNotReadyException ModelErrorException ModelStreamErrorException DEADLINE_EXCEEDED UNAVAILABLE"
        " EndpointConnectionError ReadTimeoutError ConnectTimeoutError"
    ),
    ("failed to connect to", "connection error.", "model request timed out"),
    (408, 409, 424, 425, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529),
)
REFUSED = Refusal(
    "ModelRefusedRequest",
    Category.MODEL,
    False,
    "The model provider refused the request",
    "Check the model's settings; the provider's answer is in the message.",
    _codes("invalid_request_error BadRequestError UnprocessableEntityError ValidationException INVALID_ARGUMENT"),
    ("request validation failed",),
    (400, 405, 406, 411, 412, 414, 415, 422),
)

CATALOGUE = (
    *(QUOTA, ABOVE_RATE, RATE_LIMIT, TOO_LONG, TOO_LARGE, CONTENT, UNKNOWN_MODEL),
    *(AUTHENTICATION, UNAVAILABLE, REFUSED),
)
"""In the order in which they are tried: what says more comes first."""
