"""The API, method by method. Answers are raw JSON (for --json) and models (for people)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import JsonValue

from stepcrew_cli.answer import Answer
from stepcrew_cli.api_paths import api_path
from stepcrew_cli.batch_calls import BatchCalls
from stepcrew_cli.cost_calls import CostCalls
from stepcrew_cli.errors import CliError, Rejected, ServerTrouble
from stepcrew_cli.file_calls import FileCalls
from stepcrew_cli.loopback_address import is_loopback
from stepcrew_cli.memory_calls import MemoryCalls
from stepcrew_cli.record_calls import RecordCalls
from stepcrew_cli.target import Target
from stepcrew_cli.transport import Patience, Transport
from stepcrew_cli.trigger_wire import Upload
from stepcrew_cli.version import __version__
from stepcrew_cli.wire import TracePage

ADDRESS = "text/uri-list"
"""What the API answers instead of a body too large for it, where it is accepted: a signed address."""


class Client:
    """Calls one server as one identity. Use as a context manager. `http` knows the server and carries the token;
    `bucket` carries nothing, and fetches what the server gives a signed address of."""

    def __init__(
        self, http: httpx.Client, patience: Patience | None = None, bucket: httpx.Client | None = None
    ) -> None:
        self._http = http
        self._transport = Transport(http, patience)
        self._given_bucket = bucket
        self._patience = patience
        self._open = ExitStack()
        self._open.callback(http.close)
        self.batches = BatchCalls(self._transport)
        self.memory = MemoryCalls(self._transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def _bucket(self) -> httpx.Client:
        """Made when it is needed: reading the certificates of authorities takes longer than most commands."""
        made = self._given_bucket or httpx.Client(timeout=self._http.timeout, trust_env=self._http.trust_env)
        return self._open.enter_context(made)

    @cached_property
    def files(self) -> FileCalls:
        return FileCalls(self._transport, Transport(self._bucket, self._patience))

    @property
    def url(self) -> str:
        return str(self._http.base_url)

    @property
    def costs(self) -> CostCalls:
        return CostCalls(self._transport)

    @property
    def records(self) -> RecordCalls:
        return RecordCalls(self._transport)

    def me(self) -> Answer:
        """Who the server takes the caller for."""
        return self._transport.ask("GET", api_path("me"))

    def submit(self, body: Mapping[str, JsonValue], key: str) -> Answer:
        return self._transport.ask("POST", api_path("executions"), json=body, headers={"Idempotency-Key": key})

    def rerun(self, execution_id: str, body: Mapping[str, JsonValue], key: str) -> Answer:
        headers = {"Idempotency-Key": key}
        return self._transport.ask("POST", api_path("executions", execution_id, "rerun"), json=body, headers=headers)

    def dry_run(self, body: Mapping[str, JsonValue], coming: Sequence[str] = ()) -> Answer:
        """Files that are `coming` need not be there yet."""
        params = {"dry_run": "true", "coming": coming}
        return self._transport.ask("POST", api_path("executions"), json=body, params=params)

    def crews(self, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("crews"), params=params)

    def crew(self, reference: str) -> Answer:
        """One stored crew, by `name`, `name@version` or `name@alias`."""
        name, _, wanted = reference.partition("@")
        params = {"version" if wanted.isdigit() else "alias": wanted} if wanted else {}
        return self._transport.ask("GET", api_path("crews", name), params=params)

    def store_crew(self, name: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated: what equals the latest version makes none."""
        return self._transport.ask("PUT", api_path("crews", name), json=body)

    def ask(self, method: str, path: str, body: Mapping[str, JsonValue] | None = None) -> Answer:
        """Of a path that no method here is for."""
        return self._transport.ask(method, path, json=body)

    def find(self, path: str) -> Answer | None:
        """None where the group has no such thing."""
        try:
            return self.ask("GET", path)
        except Rejected as refused:
            if refused.problem.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def remove(self, path: str) -> None:
        self._transport.request("DELETE", path)

    def store_project(self, name: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated: what equals the latest version makes none."""
        return self._transport.ask("PUT", api_path("projects", name), json=body)

    def secrets(self) -> Answer:
        """Lists the names of the secrets; values are never answered."""
        return self._transport.ask("GET", api_path("secrets"))

    def set_secret(self, name: str, value: str) -> Answer:
        """May be repeated."""
        return self._transport.ask("PUT", api_path("secrets", name), json={"value": value})

    def triggers(self) -> Answer:
        return self._transport.ask("GET", api_path("triggers"))

    def trigger(self, name: str) -> Answer:
        return self._transport.ask("GET", api_path("triggers", name))

    def store_trigger(self, name: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated."""
        return self._transport.ask("PUT", api_path("triggers", name), json=body)

    def switch_trigger(self, name: str, verb: str) -> Answer:
        """`verb` is pause or resume. May be repeated."""
        return self._transport.ask("POST", api_path("triggers", name, verb))

    def test_trigger(self, name: str, document: Mapping[str, JsonValue]) -> Answer:
        return self._transport.ask("POST", api_path("triggers", name, "test"), json={"document": document})

    def firings(self, name: str, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("triggers", name, "firings"), params=params)

    def fire_again(self, name: str, firing_id: str) -> Answer:
        """May be repeated: what has started stays as it is."""
        return self._transport.ask("POST", api_path("triggers", name, "firings", firing_id, "fire"))

    def decision_links(self) -> Answer:
        return self._transport.ask("GET", api_path("decision-links"))

    def set_decision_links(self, body: Mapping[str, JsonValue]) -> Answer:
        return self._transport.ask("PUT", api_path("decision-links"), json=body)

    def rotate_decision_links(self, *, revoke: bool) -> Answer:
        return self._transport.ask("POST", api_path("decision-links", "rotate"), params={"revoke": str(revoke).lower()})

    def webhooks(self) -> Answer:
        return self._transport.ask("GET", api_path("webhooks"))

    def webhook(self, name: str) -> Answer:
        return self._transport.ask("GET", api_path("webhooks", name))

    def store_webhook(self, name: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated."""
        return self._transport.ask("PUT", api_path("webhooks", name), json=body)

    def test_webhook(self, name: str) -> Answer:
        return self._transport.ask("POST", api_path("webhooks", name, "test"))

    def deliveries(self, name: str, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("webhooks", name, "deliveries"), params=params)

    def redeliver(self, name: str, delivery_id: str) -> Answer:
        """Asked for twice at once, it is one delivery."""
        return self._transport.ask("POST", api_path("webhooks", name, "deliveries", delivery_id, "redeliver"))

    def put_in_inbox(self, name: str, file: Path) -> None:
        """Uploads an object for triggers to an address that the server signs; the token does not go there."""
        offer = self._transport.ask("POST", api_path("inbox", *name.split("/"))).read(Upload)
        once = Transport(self._bucket, Patience(attempts=1))  # a file that was read once cannot be sent again
        with file.open("rb") as content:
            once.request("PUT", offer.url, headers={"Content-Length": str(file.stat().st_size)}, content=content)

    def executions(self, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("executions"), params=params)

    def execution(self, execution_id: str) -> Answer:
        return self._transport.ask("GET", api_path("executions", execution_id))

    def execution_if_changed(self, execution_id: str, etag: str | None, wait: int) -> Answer | None:
        """None when it is still as `etag` names it; the server may hold the answer for `wait` seconds."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        if etag:
            headers["If-None-Match"] = etag
        response = self._transport.request("GET", api_path("executions", execution_id), headers=headers)
        return None if response.status_code == HTTPStatus.NOT_MODIFIED else Answer(response)

    def traces(self, execution_id: str, after: str | None) -> Answer:
        return self._from(after, api_path("executions", execution_id, "traces"))

    def trace_pages(self, execution_id: str, after: str | None = None) -> Iterator[TracePage]:
        """Every page that is recorded now; at least one."""
        more = True
        while more:
            page = self.traces(execution_id, after).read(TracePage)
            yield page
            more, after = page.more, page.cursor

    def result(self, execution_id: str) -> Answer:
        return self._transport.ask("GET", api_path("executions", execution_id, "result"))

    def artifacts(self, execution_id: str) -> Answer:
        return self._transport.ask("GET", api_path("executions", execution_id, "artifacts"))

    def artifact(self, execution_id: str, name: str) -> bytes:
        return self._whole(api_path("executions", execution_id, "artifacts", *name.split("/"))).content

    def bundle(self, execution_id: str) -> bytes:
        """A large one comes from the bucket; the token does not go along."""
        return self._whole(api_path("executions", execution_id, "bundle")).content

    def otlp(self, execution_id: str, media_type: str = "application/json") -> httpx.Response:
        """The trace for a collector of OpenTelemetry; a large one comes from the bucket, as a bundle does. A server
        that does not know the form answers JSON."""
        return self._whole(api_path("executions", execution_id, "otlp"), media_type)

    def logs(self, execution_id: str, after: str | None) -> Answer:
        return self._from(after, api_path("executions", execution_id, "logs"))

    def diagnosis(self, execution_id: str) -> Answer:
        """Why it stands as it does."""
        return self._transport.ask("GET", api_path("executions", execution_id, "why"))

    def cancel(self, execution_id: str) -> Answer:
        return self._transport.ask("POST", api_path("executions", execution_id, "cancel"))

    def approvals(self, params: Mapping[str, str]) -> Answer:
        """The open questions of the group."""
        return self._transport.ask("GET", api_path("approvals"), params=params)

    def approvals_of(self, execution_id: str, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("executions", execution_id, "approvals"), params=params)

    def feedback(self, execution_id: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated, because the body names its approval."""
        return self._transport.ask("POST", api_path("executions", execution_id, "feedback"), json=body)

    def delete(self, execution_id: str) -> Answer:
        """Tells what went. Sent again, it is refused: the execution is not there any more."""
        return self._transport.ask("DELETE", api_path("executions", execution_id))

    def body(self, url: str) -> str:
        """A body that stood behind a reference. The API names the address of a large one in the bucket, which is asked
        without the token and the group."""
        target = self._http.base_url.join(url)
        if (target.scheme, target.netloc) != (self._http.base_url.scheme, self._http.base_url.netloc):
            raise ServerTrouble(f"The server refers to a body on another host ({target.host}); the token stays here.")
        return self._whole(url).text

    def upload(self, url: str, headers: Mapping[str, str], content: bytes) -> None:
        """Puts bytes where the server gave a signed address for them."""
        Transport(self._bucket, self._patience).request("PUT", url, headers=headers, content=content)

    def _from(self, after: str | None, path: str) -> Answer:
        return self._transport.ask("GET", path, params={"after": after} if after else {})

    def _whole(self, url: str, media_type: str = "*/*") -> httpx.Response:
        response = self._transport.request("GET", url, headers={"Accept": f"{ADDRESS}, {media_type}"})
        is_address = response.headers.get("content-type", "").startswith(ADDRESS)
        return Transport(self._bucket, self._patience).request("GET", response.text.strip()) if is_address else response


def connect(target: Target, group: str | None) -> Client:
    """Raises CliError when the target's address is no web address."""
    if urlsplit(target.url).scheme not in {"http", "https"} or not urlsplit(target.url).hostname:
        raise CliError(
            f"{target.url!r} is not a web address.", remedy="Give --url like https://HOST or http://127.0.0.1:8400."
        )
    http = httpx.Client(
        base_url=target.url,
        headers={"User-Agent": f"stepcrew-cli/{__version__}", **({"X-Group-Id": group} if group else {})},
        auth=target.auth,
        timeout=40,
        follow_redirects=True,
        # A proxy of the environment would not reach this machine's loopback.
        trust_env=not is_loopback(target.url),
    )
    return Client(http)
