"""Which requests are calls of a model, and what makes two of them the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from stepcrew.domain.canonical import digest
from stepcrew.domain.journal import TokenUsage
from stepcrew.domain.model_prices import ModelPrice
from stepcrew.domain.models import ModelName
from stepcrew.settings import provider_settings
from stepcrew_runner.gate.usage import price

HOSTS = re.compile(r"api\.openai\.com|api\.anthropic\.com|bedrock-runtime(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
BEDROCK = re.compile(
    r"/model/([^/]+|arn:.+)/(?:converse|converse-stream|invoke|invoke-with-response-stream|count-tokens)$"
)
ANYWHERE = re.compile(
    r"/(?:chat/completions|embeddings)$|:(?:streamGenerateContent|generateContent|batchEmbedContents)$"
)
"""Paths that mean a model on whatever host: a project may use a provider of its own."""
UNCOUNTED = ("input_tokens", "count_tokens", "count-tokens")
"""Operations that count tokens and call no model."""
BYTES_PER_TOKEN = 4
TOKENS_PER_FILE = 2_000
"""Of a picture that a model is shown, or of a page: more than providers count for most."""
USUAL_COMPLETION = 1_000
"""Tokens that an answer is expected to have when its request sets no bound."""
_FILE = re.compile(r'"((?:data:[\w.+/-]+;base64,)?)([A-Za-z0-9+/]{1000,}={0,2})"')
"""Bytes in a request, as base64."""
_VOLATILE = re.compile(r"0x[0-9a-f]{6,}|call_\d{9,}")
"""What differs between two runs of the same crew: addresses of objects in texts (CrewAI's planner shows tools as Python
does) and the ids that CrewAI makes of them for tool calls without one."""
_operator: dict[str, tuple[str, int | None]] = {}
"""Base addresses that the operator set in place of the providers' own, with their servers."""


Seal = Callable[[str], str]
"""Puts a placeholder in the place of each secret."""


class Reserve(NamedTuple):
    """What a call in flight may use, as far as its request tells. `usd` is null when no price is known."""

    tokens: int
    usd: Any


class ModelRequest(NamedTuple):
    """`name` is `provider/model`; `digest` the SHA-256 of the normalised request. `may_be_inside`: whether it may go to
    the operator's endpoints and through the operator's proxies. What names no model asks none, whatever its address is;
    and a group's own connection leads outside."""

    name: str
    digest: str
    is_billed: bool
    reserve: Reserve
    own_endpoint: bool = False
    may_be_inside: bool = True


class Endpoint(NamedTuple):
    """Where the models of a connection are asked. `of_group`: it is a group's own, and lies outside of the platform."""

    connection: str
    base_url: str
    of_group: bool

    @property
    def server(self) -> tuple[str, int | None]:
        return server_of(self.base_url)

    def serves(self, url: str) -> bool:
        path = urlsplit(self.base_url).path.rstrip("/")
        return self.server == server_of(url) and urlsplit(url).path.startswith(f"{path}/")


def server_of(url: str) -> tuple[str, int | None]:
    """Host and port."""
    parts = urlsplit(url)
    return (parts.hostname or "").rstrip("."), _port(parts)


def operators_servers() -> set[tuple[str, int | None]]:
    """Those that the operator set in place of the providers' own."""
    return set(_operator.values())


def is_of_a_provider(base_url: str) -> bool:
    """Whether the operator set this very address in place of a provider's own."""
    return base_url.rstrip("/") in _operator


def learn_endpoints() -> None:
    """Takes the endpoints the operator configured. Called at start: what a crew does later changes nothing."""
    _operator.update(
        {url.rstrip("/"): server_of(url) for url in provider_settings().endpoints if urlsplit(url).hostname}
    )


def is_models(url: str, endpoints: Iterable[Endpoint]) -> bool:
    """Whether a model (or an embedding) is what this address serves; `endpoints` are those of connections."""
    known = HOSTS.fullmatch(urlsplit(url).hostname or "") is not None or server_of(url) in _operator.values()
    return known or any(one.serves(url) for one in endpoints) or ANYWHERE.search(urlsplit(url).path) is not None


def read_request(
    method: str,
    url: str,
    body: bytes,
    seal: Seal,
    prices: Mapping[str, ModelPrice] | None = None,
    endpoints: Iterable[Endpoint] = (),
) -> ModelRequest:
    """The base address and secrets are no part of the digest: the same crew may be replayed elsewhere. A model of a
    connection is named by it, but where a provider itself is asked. `prices` are the group's own."""
    own_endpoint = HOSTS.fullmatch(urlsplit(url).hostname or "") is None
    connected = next((one for one in endpoints if own_endpoint and one.serves(url)), None)
    path = unquote(urlsplit(url).path)
    content: Any = _json(body)
    operation = path.rsplit("/", 1)[-1]
    if found := BEDROCK.search(path):
        name = ModelName("bedrock", found[1])
        operation = found[0]
    else:
        provider = connected.connection if connected else "anthropic" if "/messages" in path else "openai"
        name = ModelName(provider, str(_object(content).get("model") or ""))
    text = json.dumps(content, sort_keys=True, ensure_ascii=False) if content is not None else repr(body)
    text, files, in_files = _without_files(text)
    completion = 0 if _embeds(path, name) else _bound(_object(content)) or USUAL_COMPLETION
    prompt = (len(body) - in_files) // BYTES_PER_TOKEN + 1 + files * TOKENS_PER_FILE
    likely = TokenUsage(prompt=prompt, completion=completion)
    reserve = Reserve(likely.total, price(name, likely, prices))
    may_be_inside = bool(name.model) and not (connected and connected.of_group)
    sealed = digest(f"{method} {operation}\n{_normal(seal(text))}")
    return ModelRequest(str(name), sealed, not path.endswith(UNCOUNTED), reserve, own_endpoint, may_be_inside)


def digest_of_call(tool_name: str, arguments: Any, seal: Seal) -> str:
    """Of a tool call; `arguments` are JSON-like."""
    text = json.dumps([tool_name, arguments], sort_keys=True, ensure_ascii=False)
    return digest(_normal(seal(text)))


def _without_files(text: str) -> tuple[str, int, int]:
    """The text with a hash in place of each file, how many there were, and their characters."""
    lengths: list[int] = []

    def named(file: re.Match[str]) -> str:
        lengths.append(len(file[2]))
        return f'"{file[1]}sha256:{digest(file[2])}"'

    return _FILE.sub(named, text), len(lengths), sum(lengths)


def _embeds(path: str, name: ModelName) -> bool:
    """Whether nothing is completed: an embedding is the answer. Bedrock serves both under one kind of address."""
    return path.endswith("/embeddings") or (name.provider == "bedrock" and "embed" in name.model)


def _normal(text: str) -> str:
    return _VOLATILE.sub("~", text)


def _bound(content: dict[str, Any]) -> int | None:
    for place in (content, _object(content.get("inferenceConfig"))):
        for field in ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens"):
            value = place.get(field)
            if isinstance(value, int) and value > 0:
                return value
    return None


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _port(parts: Any) -> int | None:
    return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
