"""The API, method by method. Answers are raw JSON (for --json) and models (for people)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
from pydantic import JsonValue

from stepcrew_cli.answer import Answer
from stepcrew_cli.batch_calls import BatchCalls
from stepcrew_cli.cost_calls import CostCalls
from stepcrew_cli.errors import CliError, ServerTrouble
from stepcrew_cli.file_calls import FileCalls
from stepcrew_cli.loopback_address import is_loopback
from stepcrew_cli.memory_calls import MemoryCalls
from stepcrew_cli.target import Target
from stepcrew_cli.transport import Patience, Transport
from stepcrew_cli.trigger_wire import Upload
from stepcrew_cli.version import __version__
from stepcrew_cli.wire import TracePage

API = "/api/v1"
ADDRESS = "text/uri-list"
"""What the API answers instead of a body too large for it, where it is accepted: a signed address."""


class Client:
    """Calls one server as one identity. Use as a context manager.

    Args:
        http: knows the server and carries the token.
        bucket: carries nothing; it fetches what the server gives a signed address of.
    """

    def __init__(
        self, http: httpx.Client, patience: Patience | None = None, bucket: httpx.Client | None = None
    ) -> None:
        self._http = http
        self._transport = Transport(http, patience)
        self._bucket = bucket or httpx.Client(timeout=http.timeout, trust_env=http.trust_env)
        self._patience = patience
        self.batches = BatchCalls(self._transport)
        self.memory = MemoryCalls(self._transport)
        self.files = FileCalls(self._transport, Transport(self._bucket, patience))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._bucket.close()

    @property
    def url(self) -> str:
        """The server's address."""
        return str(self._http.base_url)

    @property
    def costs(self) -> CostCalls:
        return CostCalls(self._transport)

    def me(self) -> Answer:
        """Who the server takes the caller for."""
        return Answer(self._transport.request("GET", f"{API}/me"))

    def submit(self, body: Mapping[str, JsonValue], key: str) -> Answer:
        return Answer(self._transport.request("POST", f"{API}/executions", json=body, headers={"Idempotency-Key": key}))

    def rerun(self, execution_id: str, body: Mapping[str, JsonValue], key: str) -> Answer:
        headers = {"Idempotency-Key": key}
        return Answer(self._transport.request("POST", f"{_path(execution_id)}/rerun", json=body, headers=headers))

    def dry_run(self, body: Mapping[str, JsonValue]) -> Answer:
        return Answer(self._transport.request("POST", f"{API}/executions", json=body, params={"dry_run": "true"}))

    def crews(self, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/crews", params=params))

    def crew(self, reference: str) -> Answer:
        """One stored crew, by `name` or `name@version`."""
        name, _, version = reference.partition("@")
        params = {"version": version} if version else {}
        return Answer(self._transport.request("GET", f"{API}/crews/{quote(name, safe='')}", params=params))

    def store_crew(self, name: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated: what equals the latest version makes none."""
        return Answer(self._transport.request("PUT", f"{API}/crews/{quote(name, safe='')}", json=body))

    def project_runtime(self) -> Answer:
        """The Python version, the platform and the packages that bundles are built for."""
        return Answer(self._transport.request("GET", f"{API}/projects/runtime"))

    def upload_bundle(self, name: str, digest: str) -> Answer:
        """Where the bundle's bytes go, and the parameters of its function."""
        url = f"{API}/projects/{quote(name, safe='')}/bundle"
        return Answer(self._transport.request("POST", url, json={"sha256": digest}))

    def deploy_locally(self, name: str, digest: str) -> Answer:
        """The local stack makes the project's function itself."""
        url = f"/local/projects/{quote(name, safe='')}"
        return Answer(self._transport.request("POST", url, json={"sha256": digest}))

    def store_project(self, name: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated: what equals the latest version makes none."""
        return Answer(self._transport.request("PUT", f"{API}/projects/{quote(name, safe='')}", json=body))

    def secrets(self) -> Answer:
        """Lists the names of the secrets; values are never answered."""
        return Answer(self._transport.request("GET", f"{API}/secrets"))

    def set_secret(self, name: str, value: str) -> Answer:
        """May be repeated."""
        return Answer(self._transport.request("PUT", _secret(name), json={"value": value}))

    def remove_secret(self, name: str) -> None:
        self._transport.request("DELETE", _secret(name))

    def triggers(self) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/triggers"))

    def trigger(self, name: str) -> Answer:
        return Answer(self._transport.request("GET", _trigger(name)))

    def store_trigger(self, name: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated."""
        return Answer(self._transport.request("PUT", _trigger(name), json=body))

    def remove_trigger(self, name: str) -> None:
        self._transport.request("DELETE", _trigger(name))

    def switch_trigger(self, name: str, verb: str) -> Answer:
        """`verb` is pause or resume. May be repeated."""
        return Answer(self._transport.request("POST", f"{_trigger(name)}/{verb}"))

    def test_trigger(self, name: str, document: Mapping[str, JsonValue]) -> Answer:
        return Answer(self._transport.request("POST", f"{_trigger(name)}/test", json={"document": document}))

    def firings(self, name: str, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", f"{_trigger(name)}/firings", params=params))

    def fire_again(self, name: str, firing_id: str) -> Answer:
        """May be repeated: what has started stays as it is."""
        return Answer(self._transport.request("POST", f"{_trigger(name)}/firings/{quote(firing_id, safe='')}/fire"))

    def webhooks(self) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/webhooks"))

    def webhook(self, name: str) -> Answer:
        return Answer(self._transport.request("GET", _webhook(name)))

    def store_webhook(self, name: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated."""
        return Answer(self._transport.request("PUT", _webhook(name), json=body))

    def remove_webhook(self, name: str) -> None:
        self._transport.request("DELETE", _webhook(name))

    def test_webhook(self, name: str) -> Answer:
        return Answer(self._transport.request("POST", f"{_webhook(name)}/test"))

    def deliveries(self, name: str, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", f"{_webhook(name)}/deliveries", params=params))

    def redeliver(self, name: str, delivery_id: str) -> Answer:
        """Asked for twice at once, it is one delivery."""
        path = f"{_webhook(name)}/deliveries/{quote(delivery_id, safe='')}/redeliver"
        return Answer(self._transport.request("POST", path))

    def put_in_inbox(self, name: str, file: Path) -> None:
        """Uploads an object for triggers to an address that the server signs; the token does not go there."""
        offer = Answer(self._transport.request("POST", f"{API}/inbox/{quote(name)}")).read(Upload)
        once = Transport(self._bucket, Patience(attempts=1))  # a file that was read once cannot be sent again
        with file.open("rb") as content:
            once.request("PUT", offer.url, headers={"Content-Length": str(file.stat().st_size)}, content=content)

    def executions(self, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/executions", params=params))

    def execution(self, execution_id: str) -> Answer:
        return self._get(execution_id)

    def execution_if_changed(self, execution_id: str, etag: str | None, wait: int) -> Answer | None:
        """None when it is still as `etag` names it; the server may hold the answer for `wait` seconds."""
        headers = {"Prefer": f"wait={wait}"} if wait else {}
        if etag:
            headers["If-None-Match"] = etag
        response = self._transport.request("GET", _path(execution_id), headers=headers)
        return None if response.status_code == HTTPStatus.NOT_MODIFIED else Answer(response)

    def traces(self, execution_id: str, after: str | None) -> Answer:
        return self._get(execution_id, "/traces", {"after": after} if after else {})

    def trace_pages(self, execution_id: str, after: str | None = None) -> Iterator[TracePage]:
        """Every page that is recorded now; at least one."""
        more = True
        while more:
            page = self.traces(execution_id, after).read(TracePage)
            yield page
            more, after = page.more, page.cursor

    def result(self, execution_id: str) -> Answer:
        return self._get(execution_id, "/result")

    def artifacts(self, execution_id: str) -> Answer:
        return self._get(execution_id, "/artifacts")

    def artifact(self, execution_id: str, name: str) -> bytes:
        return self._whole(f"{_path(execution_id)}/artifacts/{quote(name)}").content

    def bundle(self, execution_id: str) -> bytes:
        """A large one comes from the bucket; the token does not go along."""
        return self._whole(f"{_path(execution_id)}/bundle").content

    def otlp(self, execution_id: str) -> bytes:
        """The trace for a collector of OpenTelemetry; a large one comes from the bucket, as a bundle does."""
        return self._whole(f"{_path(execution_id)}/otlp").content

    def logs(self, execution_id: str, after: str | None) -> Answer:
        return self._get(execution_id, "/logs", {"after": after} if after else {})

    def cancel(self, execution_id: str) -> Answer:
        return Answer(self._transport.request("POST", f"{_path(execution_id)}/cancel"))

    def approvals(self, params: Mapping[str, str]) -> Answer:
        """The open questions of the group."""
        return Answer(self._transport.request("GET", f"{API}/approvals", params=params))

    def approvals_of(self, execution_id: str, params: Mapping[str, str]) -> Answer:
        return self._get(execution_id, "/approvals", params)

    def feedback(self, execution_id: str, body: Mapping[str, JsonValue]) -> Answer:
        """May be repeated, because the body names its approval."""
        return Answer(self._transport.request("POST", f"{_path(execution_id)}/feedback", json=body))

    def delete(self, execution_id: str) -> None:
        self._transport.request("DELETE", _path(execution_id))

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

    def _whole(self, url: str) -> httpx.Response:
        response = self._transport.request("GET", url, headers={"Accept": f"{ADDRESS}, */*"})
        is_address = response.headers.get("content-type", "").startswith(ADDRESS)
        return Transport(self._bucket, self._patience).request("GET", response.text.strip()) if is_address else response

    def _get(self, execution_id: str, rest: str = "", params: Mapping[str, str] | None = None) -> Answer:
        return Answer(self._transport.request("GET", f"{_path(execution_id)}{rest}", params=params))


def _path(execution_id: str) -> str:
    return f"{API}/executions/{quote(execution_id, safe='')}"


def _secret(name: str) -> str:
    return f"{API}/secrets/{quote(name, safe='')}"


def _webhook(name: str) -> str:
    return f"{API}/webhooks/{quote(name, safe='')}"


def _trigger(name: str) -> str:
    return f"{API}/triggers/{quote(name, safe='')}"


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
