"""HTTP requests to the server: sent again when that may help, and every refusal turned into one of our errors."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO

import httpx
from pydantic import ValidationError

from stepcrew_cli.answer import Answer, retry_after_seconds
from stepcrew_cli.errors import CliError, Rejected, ServerTrouble, Unreachable
from stepcrew_cli.wire import Problem

RETRYABLE_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_RETRY_AFTER_SECONDS = 60.0


@dataclass(frozen=True)
class Patience:
    """How often and how long a request is tried again; seconds."""

    attempts: int = 6
    first_delay: float = 0.3
    max_delay: float = 8.0
    sleep: Callable[[float], None] = field(default=time.sleep)

    def delay(self, attempt: int, retry_after: float | None) -> float:
        if retry_after is not None:
            return min(retry_after, MAX_RETRY_AFTER_SECONDS)
        ceiling = min(self.max_delay, self.first_delay * 2**attempt)
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret


class Transport:
    """One server. Every request may be sent more than once, so callers give writes an idempotency key."""

    def __init__(self, http: httpx.Client, patience: Patience | None = None) -> None:
        self._http = http
        self._patience = patience or Patience()
        self._reached = False

    def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | IO[bytes] | None = None,
    ) -> httpx.Response:
        """The answer, 2xx or 304. Raises Rejected, ServerTrouble or Unreachable."""
        last: CliError | None = None
        for attempt in range(self._patience.attempts):
            retry_after: float | None = None
            try:
                response = self._http.request(method, path, json=json, content=content, params=params, headers=headers)
            except httpx.TransportError as error:
                last = _unreachable(self._http.base_url, error)
                # A server that never answered is most likely not there; one that did will be back.
                never_there = isinstance(error, httpx.ConnectError) and not self._reached and attempt > 0
                if never_there or isinstance(error, httpx.UnsupportedProtocol):
                    break
            else:
                self._reached = True
                if response.is_success or response.status_code == HTTPStatus.NOT_MODIFIED:
                    return response
                last = refusal(response)
                if not _may_be_sent_again(response):
                    break
                retry_after = retry_after_seconds(response)
            if attempt + 1 < self._patience.attempts:
                self._patience.sleep(self._patience.delay(attempt, retry_after))
        assert last is not None
        raise last

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """As `request`, where the answer has a body of JSON."""
        return Answer(self.request(method, path, json=json, params=params, headers=headers))

    def pages(self, path: str, params: Mapping[str, str | Sequence[str]] | None = None) -> Iterator[str]:
        """The texts of an answer in pages, each of which names the next one."""
        while path:
            response = self.request("GET", path, params=params)
            yield response.text
            path, params = response.links.get("next", {}).get("url", ""), None


def refusal(response: httpx.Response) -> CliError:
    problem = _problem(response)
    if response.is_client_error and response.status_code not in RETRYABLE_STATUS:
        return Rejected(problem or _plain_problem(response))
    detail = problem.detail or problem.title if problem else _plain_text(response)
    return ServerTrouble(
        f"The server answered {response.status_code}: {detail}",
        remedy=problem.remedy if problem else "Try again later.",
        problem=problem,
    )


def _may_be_sent_again(response: httpx.Response) -> bool:
    problem = _problem(response)
    told = problem.retryable if problem else None
    if told is not None and response.status_code in (HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE):
        # 409: an earlier attempt of the same request may be in flight still. 503: a quota may be used up.
        return told
    return response.status_code in RETRYABLE_STATUS


def _problem(response: httpx.Response) -> Problem | None:
    if "json" not in response.headers.get("content-type", ""):
        return None
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return None
    return problem if problem.detail or problem.title else None


def _plain_problem(response: httpx.Response) -> Problem:
    """A gateway in front of the API refuses in a shape of its own: {"message": "Unauthorized"}."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return Problem(
            status=response.status_code,
            detail="The server does not accept the token: it is missing, has expired or is another server's.",
            remedy="Sign in again with: stepcrew login. Or give another --token (STEPCREW_TOKEN).",
        )
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Problem(
            status=response.status_code,
            detail="The request is larger than the server takes: 6 MB; a quotation mark or line end counts twice.",
            remedy="Make the crew's inputs smaller; a tool can read a large text where it is kept.",
        )
    return Problem(
        status=response.status_code,
        detail=f"The server answered {response.status_code}: {_plain_text(response)}",
        remedy="Is --url the address of a Stepcrew server?",
    )


def _plain_text(response: httpx.Response) -> str:
    return response.text.strip()[:300] or response.reason_phrase


def _unreachable(base_url: httpx.URL, error: httpx.TransportError) -> Unreachable:
    reason = str(error) or type(error).__name__
    return Unreachable(
        f"Cannot reach {base_url}: {reason}.",
        remedy="Is the stack running (./stepcrew up)? Is --url (STEPCREW_URL) right?",
    )
