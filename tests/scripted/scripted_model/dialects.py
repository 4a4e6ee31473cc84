"""How OpenAI, Anthropic and Bedrock say the same: every request is read as OpenAI's, and answered in its own way.

Usage is counted alike for all: four characters a token, half of the prompt from a cache.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple, cast
from zlib import crc32

from scripted_model import streams
from scripted_model.script import TOO_LONG, Reply, texts

ANTHROPIC_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
BEDROCK_ERRORS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}
Document = dict[str, Any]
Block = dict[str, Any]


class Dialect(NamedTuple):
    """`read` gives OpenAI's form of a request; `answer` and `failure` are the provider's own bodies, and `stream` the
    same answer in parts, of the content type `parts`."""

    name: str
    path: re.Pattern[str]
    read: Callable[[Document], Document]
    answer: Callable[[Document, Reply], Document]
    failure: Callable[[Reply], Document]
    stream: Callable[[Document], bytes]
    parts: str = streams.EVENTS
    headers: Callable[[Document], dict[str, str]] = lambda _answer: {}


class Tokens(NamedTuple):
    prompt: int
    cached: int
    answered: int


def _tokens(body: Document, said: Reply) -> Tokens:
    prompt = max(1, len("".join(texts(body.get("messages") or []))) // 4)
    return Tokens(prompt, prompt // 2, max(1, len(said.text) // 4))


def _tool(name: str) -> Document:
    return {"type": "function", "function": {"name": name}}


def _blocks(content: object) -> list[Block]:
    return cast("list[Block]", content) if isinstance(content, list) else [{"text": content or ""}]


def _as_openai(
    system: object, messages: list[Document], tools: list[str], is_result: Callable[[Block], bool]
) -> Document:
    """Both other providers put results of tools into messages of the user, block by block."""
    found: list[Document] = []
    if system:
        found.append({"role": "system", "content": _blocks(system)})
    for message in messages:
        blocks = _blocks(message.get("content"))
        results = [block for block in blocks if is_result(block)]
        found += [{"role": "tool", "content": json.dumps(block)} for block in results]
        if len(results) < len(blocks):
            found.append({"role": message["role"], "content": [block for block in blocks if block not in results]})
    return {"messages": found, "tools": [_tool(name) for name in tools]}


def _openai_answer(body: Document, said: Reply) -> Document:
    message: Document = {"role": "assistant", "content": said.text}
    if said.tool:
        name, arguments = said.tool
        call = {"name": name, "arguments": json.dumps(arguments)}
        message = {"role": "assistant", "content": None}
        message["tool_calls"] = [
            {"id": f"call_{time.time_ns() + n}", "type": "function", "function": call} for n in range(said.times)
        ]
    tokens = _tokens(body, said)
    return {
        "id": f"chatcmpl-{time.time_ns()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if said.tool else "stop"}],
        "usage": {
            "prompt_tokens": tokens.prompt,
            "completion_tokens": tokens.answered,
            "total_tokens": tokens.prompt + tokens.answered,
            "prompt_tokens_details": {"cached_tokens": tokens.cached},
        },
    }


def _openai_failure(said: Reply) -> Document:
    if said.error == TOO_LONG:
        message = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
        return {"error": {"message": message, "type": "invalid_request_error", "code": "context_length_exceeded"}}
    return {"error": {"message": f"scripted failure {said.status}", "type": "scripted", **(said.error or {})}}


def _from_anthropic(body: Document) -> Document:
    names = [str(tool["name"]) for tool in cast("list[Document]", body.get("tools") or [])]
    read = _as_openai(body.get("system"), body["messages"], names, lambda block: block.get("type") == "tool_result")
    return {**read, "model": body.get("model")}


def _anthropic_answer(body: Document, said: Reply) -> Document:
    content: Block = {"type": "text", "text": said.text}
    if said.tool:
        name, arguments = said.tool
        content = {"type": "tool_use", "id": f"toolu_{time.time_ns()}", "name": name, "input": arguments}
    tokens = _tokens(body, said)
    return {
        "id": f"msg_{time.time_ns()}",
        "type": "message",
        "role": "assistant",
        "model": body.get("model"),
        "content": [content],
        "stop_reason": "tool_use" if said.tool else "end_turn",
        "stop_sequence": None,
        # Anthropic counts what came from its cache beside the other tokens of the prompt.
        "usage": {
            "input_tokens": tokens.prompt - tokens.cached,
            "cache_read_input_tokens": tokens.cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": tokens.answered,
        },
    }


def _anthropic_failure(said: Reply) -> Document:
    if said.error == TOO_LONG:
        message = "prompt is too long: 213462 tokens > 200000 maximum"
        return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    kind = ANTHROPIC_ERRORS.get(said.status, "api_error")
    error = {"type": kind, "message": f"scripted failure {said.status}", **(said.error or {})}
    return {"type": "error", "error": error}


def _from_bedrock(body: Document) -> Document:
    configured = cast(Document, body.get("toolConfig") or {})
    tools = cast("list[Document]", configured.get("tools") or [])
    names = [str(tool["toolSpec"]["name"]) for tool in tools]
    return _as_openai(body.get("system"), body["messages"], names, lambda block: "toolResult" in block)


def _bedrock_answer(body: Document, said: Reply) -> Document:
    content: Block = {"text": said.text}
    if said.tool:
        name, arguments = said.tool
        content = {"toolUse": {"toolUseId": f"tooluse_{time.time_ns()}", "name": name, "input": arguments}}
    tokens = _tokens(body, said)
    return {
        "output": {"message": {"role": "assistant", "content": [content]}},
        "stopReason": "tool_use" if said.tool else "end_turn",
        "usage": {
            "inputTokens": tokens.prompt - tokens.cached,
            "cacheReadInputTokens": tokens.cached,
            "outputTokens": tokens.answered,
            "totalTokens": tokens.prompt + tokens.answered,
        },
        "metrics": {"latencyMs": 1},
    }


def _bedrock_failure(said: Reply) -> Document:
    error = said.error or {}
    kind = error.get("type", BEDROCK_ERRORS.get(said.status, "InternalServerException"))
    too_long = "Input is too long for requested model."
    default = too_long if said.error == TOO_LONG else f"scripted failure {said.status}"
    return {"__type": kind, "message": error.get("message", default)}


def _from_embeddings(body: Document) -> Document:
    given: Any = body.get("input")
    content = str(given)
    texts = cast("list[str]", given) if isinstance(given, list) else [content]
    return {"model": body.get("model"), "messages": [{"role": "user", "content": content}], "input": texts}


def _embeddings_answer(body: Document, said: Reply) -> Document:
    tokens = _tokens(body, said)
    made = [_vector(text) for text in cast("list[str]", body["input"])]
    vectors = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(made)]
    told = {"prompt_tokens": tokens.prompt, "total_tokens": tokens.prompt}
    return {"object": "list", "model": body.get("model"), "data": vectors, "usage": told}


def _vector(text: str) -> list[float]:
    """Texts with the same words are alike: each word counts in one place of 64."""
    counted = [0.01] * 64
    for word in re.findall(r"\w+", text.lower()):
        counted[crc32(word.encode()) % 64] += 1
    return counted


def _from_titan(body: Document) -> Document:
    return {"messages": [{"role": "user", "content": str(body.get("inputText"))}]}


def _titan_headers(answer: Document) -> dict[str, str]:
    return {"x-amzn-bedrock-input-token-count": str(int(answer["embedding"][0]))}


def _titan_answer(body: Document, said: Reply) -> Document:
    tokens = _tokens(body, said)
    return {"embedding": [float(tokens.prompt), 0.5]}


def _in_no_parts(_answer: Document) -> bytes:
    raise ValueError("An embedding comes in one piece.")


DIALECTS = (
    Dialect("openai", re.compile(r"/chat/completions$"), dict, _openai_answer, _openai_failure, streams.of_openai),
    Dialect(
        "anthropic",
        re.compile(r"/messages$"),
        _from_anthropic,
        _anthropic_answer,
        _anthropic_failure,
        streams.of_anthropic,
    ),
    Dialect(
        "bedrock",
        re.compile(r"/model/[^/]+/converse(-stream)?$"),
        _from_bedrock,
        _bedrock_answer,
        _bedrock_failure,
        streams.of_bedrock,
        streams.AWS_EVENTS,
    ),
    Dialect("openai", re.compile(r"/embeddings$"), _from_embeddings, _embeddings_answer, _openai_failure, _in_no_parts),
    Dialect(
        "bedrock", re.compile(r"/model/[^/]+/invoke$"), _from_titan, _titan_answer, _bedrock_failure, _in_no_parts
    )._replace(headers=_titan_headers),
)


def dialect_of(path: str) -> Dialect | None:
    path = path.partition("?")[0]
    return next((dialect for dialect in DIALECTS if dialect.path.search(path)), None)
