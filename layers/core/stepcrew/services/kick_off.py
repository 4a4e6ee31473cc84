"""Starts an execution with callbacks of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

from stepcrew.domain.callback import CALLBACK_KINDS, CALLBACK_SECRET, CallbackKind, CallbackTerms, callback_name
from stepcrew.domain.canonical import canonical_json, digest
from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.execution import Execution
from stepcrew.domain.webhook import Webhook
from stepcrew.services.check_address import CheckAddress
from stepcrew.services.ports import Clock
from stepcrew.services.secret_ports import SecretStore
from stepcrew.services.submit_execution import Accepted, CrewSubmission, Prepared, SubmitExecution, hash_of
from stepcrew.services.webhook_ports import WebhookStore


class Callbacks(NamedTuple):
    """Addresses by what they hear of, and what every body gets with it."""

    urls: Mapping[CallbackKind, str]
    meta: dict[str, JsonValue] | None = None


class KickOff:
    """May be repeated with an idempotency key, as a submission may be. Raises `InvalidRequest` for an address that
    nothing may be posted to, and what a submission raises."""

    def __init__(
        self,
        submit: SubmitExecution,
        webhooks: WebhookStore,
        secrets: SecretStore,
        check_address: CheckAddress,
        clock: Clock,
    ) -> None:
        self._submit = submit
        self._webhooks = webhooks
        self._secrets = secrets
        self._check_address = check_address
        self._clock = clock

    def __call__(self, request: CrewSubmission, callbacks: Callbacks) -> Accepted:
        if not callbacks.urls:
            return self._submit(request)
        body = [hash_of(request), dict(callbacks.urls), callbacks.meta]
        body_hash = digest(canonical_json(body, sort_keys=True))
        return self._submit.accept(request, body_hash, lambda: self._prepare(request, callbacks))

    def change(self, execution: Execution, urls: Mapping[CallbackKind, str]) -> None:
        """Has callbacks that the execution was started with call other addresses from now on."""
        self._check(urls)
        unnamed = [
            _fault(kind, "not_named", "The kickoff named no such address.", "Leave it out, or name it in the kickoff.")
            for kind in urls
            if kind not in execution.callbacks
        ]
        if unnamed:
            raise InvalidRequest.of(unnamed)
        for kind, url in urls.items():
            before = self._webhooks.webhook(execution.group_id, callback_name(execution.execution_id, kind))
            if before is None or (before.url == url and before.enabled):
                continue
            changed = before.pointed_at(url, self._clock.now())
            self._webhooks.save(execution.group_id, changed, seen=before.revision)

    def _prepare(self, request: CrewSubmission, callbacks: Callbacks) -> Prepared:
        self._check(callbacks.urls)
        made = self._submit.prepare(request)
        kinds: list[CallbackKind] = [kind for kind in CALLBACK_KINDS if kind in callbacks.urls]
        execution = made.execution.model_copy(update={"callbacks": kinds})

        def keep() -> None:
            has_secret = not self._secrets.missing(request.group_id, {CALLBACK_SECRET})
            for kind in kinds:
                webhook = Webhook(
                    name=callback_name(execution.execution_id, kind),
                    url=callbacks.urls[kind],
                    secret=CALLBACK_SECRET if has_secret else None,
                    made_by=request.submitted_by,
                    created_at=execution.created_at,
                    updated_at=execution.created_at,
                    callback=CallbackTerms(execution_id=execution.execution_id, kind=kind, meta=callbacks.meta),
                )
                self._webhooks.save(request.group_id, webhook, seen=None)

        return Prepared(execution, made.submission, keep)

    def _check(self, urls: Mapping[CallbackKind, str]) -> None:
        faults = [fault for kind, url in urls.items() for fault in self._check_address(url, _pointer(kind))]
        if faults:
            raise InvalidRequest(f"{faults[0].pointer.removeprefix('/')}: {faults[0].detail}", faults)


def _pointer(kind: CallbackKind) -> str:
    return f"/{kind}WebhookUrl"


def _fault(kind: CallbackKind, code: str, told: str, remedy: str) -> Fault:
    return Fault(pointer=_pointer(kind), code=code, detail=f"{kind}WebhookUrl: {told}", remedy=remedy)
