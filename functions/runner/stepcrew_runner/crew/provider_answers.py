"""Reads what a provider of models answered out of an exception, or out of a text that CrewAI made of one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from stepcrew_runner.crew.provider_errors import CATALOGUE, REFUSED, UNAVAILABLE, Refusal

_CLIENTS = frozenset({"openai", "anthropic", "botocore", "google", "azure", "groq", "litellm"})
"""Top packages of the clients; the names of their exceptions count as codes."""
_STATUS = re.compile(r"\bError code: (\d{3})\b")
_CODE = re.compile(r"""['"](?:code|type|status|__type)['"]: ?['"]([\w.-]+)['"]""")
_NAME = re.compile(r"\b([A-Z][A-Za-z]+(?:Exception|Error))\b")


class Answered(NamedTuple):
    """`codes` without underscores and in lower case, `text` in lower case."""

    status: int | None
    codes: frozenset[str]
    text: str


def refusal_of(error: BaseException | None, text: str = "") -> Refusal | None:
    """The kind of refusal, from the exception and its causes or, where there is none, from a text. None when it is not
    a provider's."""
    answers = [_of_exception(link) for link in chain(error)] if error else []
    for answered in [*answers, _of_text(text or (str(error) if error else ""))]:
        found = _known(answered)
        if found:
            return found
    return None


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it, each once."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def _known(answered: Answered) -> Refusal | None:
    for refusal in CATALOGUE:
        if refusal.codes & (answered.codes - REFUSED.codes) or any(part in answered.text for part in refusal.phrases):
            return refusal
    status = answered.status
    if status is None:
        return REFUSED if REFUSED.codes & answered.codes else None
    known = next((refusal for refusal in CATALOGUE if status in refusal.statuses), None)
    return known or (UNAVAILABLE if status >= 500 else REFUSED if status >= 400 else None)


def _of_exception(error: BaseException) -> Answered:
    if type(error).__module__.partition(".")[0] not in _CLIENTS:
        is_context = type(error).__name__ == "LLMContextLengthExceededError"
        return Answered(None, _plain([type(error).__name__]) if is_context else frozenset(), "")
    response, body = getattr(error, "response", None), getattr(error, "body", None)
    status = getattr(error, "status_code", None)
    documents: list[Any] = [one for one in (body, response) if isinstance(one, Mapping)]
    codes: list[Any] = [type(error).__name__, getattr(error, "code", None), getattr(error, "type", None)]
    for document in cast("list[Mapping[str, Any]]", documents):
        inner = document.get("error") or document.get("Error") or document
        if isinstance(inner, Mapping):
            named = cast("Mapping[str, Any]", inner)
            codes += [named.get(name) for name in ("code", "type", "status", "Code")]
        status = status or cast("Any", document.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    return Answered(status if isinstance(status, int) else None, _plain(codes), str(error).lower())


def _of_text(text: str) -> Answered:
    status = _STATUS.search(text)
    codes = _CODE.findall(text) + _NAME.findall(text)
    return Answered(int(status[1]) if status else None, _plain(codes), text.lower())


def _plain(codes: list[Any]) -> frozenset[str]:
    return frozenset(code.replace("_", "").lower() for code in codes if isinstance(code, str))
