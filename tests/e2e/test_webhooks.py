"""Webhooks on the whole stack, with receivers that take, fail, are slow, redirect inside, hang and are gone."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator
from datetime import datetime
from email import message_from_string
from email.message import Message
from typing import Any

import httpx
import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.definition import SecretReference
from stepcrew.domain.signatures import verified
from stepcrew.domain.trigger import HookRule
from stepcrew_local.stack import Stack
from tests.e2e.receiver import Received, Receiver, Reply, receiving
from tests.e2e.user import User, crew, task

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECONDS = 60


@pytest.fixture
def receiver(ada: User, model: ScriptedModel) -> Generator[Receiver]:
    assert ada.put("/secrets/WEBHOOK_KEY", json={"value": SECRET}).is_success
    with receiving() as made:
        yield made


def webhook(ada: User, receiver: Receiver, **changes: Any) -> str:
    name = f"w-{time.time_ns()}"
    spec: dict[str, Any] = {"url": f"{receiver.url}/{name}", "secret": "WEBHOOK_KEY", "crews": [], **changes}
    answer = ada.put(f"/webhooks/{name}", json=spec)
    assert answer.status_code == 201, answer.text
    return name


def until(ada: User, name: str, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The webhook's deliveries, oldest first, once they are enough."""
    deadline = time.monotonic() + SECONDS
    while True:
        found = ada.get(f"/webhooks/{name}/deliveries").json()["deliveries"][::-1]
        if enough(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def states(*expected: str) -> Callable[[list[dict[str, Any]]], bool]:
    return lambda found: [one["state"] for one in found] == list(expected)


def statuses(received: list[Received]) -> list[str]:
    return [json.loads(one.body)["data"]["status"] for one in received]


def test_a_wait_and_an_end_arrive_signed_and_in_order_although_the_first_one_fails_at_first(
    ada: User, receiver: Receiver
) -> None:
    receiver.behave = lambda _, before: Reply(503) if before == 0 else Reply()
    name = webhook(ada, receiver)
    execution_id = ada.submit(crew(task("Ask me.", "asked", human_input=True)), webhooks=[name])
    ada.until(execution_id, lambda record: record["status"] == "WAITING")
    assert ada.post(f"/executions/{execution_id}/feedback", json={"decision": "approve"}).status_code == 202
    ada.ended(execution_id)

    waited, ended = until(ada, name, states("DELIVERED", "DELIVERED"))
    received = receiver.at(f"/{name}")
    assert statuses(received) == ["WAITING", "WAITING", "COMPLETED"], "the end waited for the wait"
    rule = HookRule(signature="standard", secret=SecretReference(secret="HOOK_KEY"))
    for one, delivery in zip(received, (waited, waited, ended), strict=True):
        moment = datetime.fromtimestamp(int(one.headers["webhook-timestamp"])).astimezone()
        assert verified(rule, SECRET, one.headers, one.body, moment) == delivery["delivery_id"]
        assert one.body.decode() == delivery["request"]
    first, second = (datetime.fromisoformat(attempt["at"]) for attempt in waited["attempts"])
    assert (second - first).total_seconds() >= 5
    assert [attempt["status"] for attempt in waited["attempts"]] == [503, 204]
    assert json.loads(ended["request"])["subject"] == execution_id


def test_a_redirect_inside_is_not_followed_and_is_tried_again(
    ada: User, receiver: Receiver, running: tuple[str, ScriptedModel, Stack]
) -> None:
    inside = f"{running[2].emulator.url}/"
    receiver.behave = lambda _, before: Reply(307, location=inside) if before == 0 else Reply(after_seconds=2)
    name = webhook(ada, receiver)
    assert ada.post(f"/webhooks/{name}/test").status_code == 202
    [waiting] = until(ada, name, lambda found: bool(found and found[0]["tries"]))
    assert (waiting["state"], waiting["attempts"][0]["status"]) == ("WAITING", 307)
    assert waiting["next_try_at"]
    again = ada.post(f"/webhooks/{name}/deliveries/{waiting['delivery_id']}/redeliver")
    assert again.status_code == 409, "it is tried by itself"
    [delivered] = until(ada, name, states("DELIVERED"))
    assert delivered["attempts"][1]["milliseconds"] >= 2_000, "a slow receiver is waited for"


def test_an_address_inside_that_nobody_allowed_is_not_taken(ada: User, receiver: Receiver) -> None:
    """Other names that lead inside are seen where the socket connects (tests/unit/aws/test_http_poster.py)."""
    port = int(receiver.url.rpartition(":")[2])
    for url in (f"http://127.0.0.1:{port + 1}/", "https://localhost/"):
        assert ada.put("/webhooks/inside", json={"url": url, "format": "slack"}).status_code == 422


def test_a_receiver_that_hangs_is_given_up_and_holds_up_no_other(ada: User, receiver: Receiver) -> None:
    hanging, other = webhook(ada, receiver), webhook(ada, receiver)
    receiver.behave = lambda request, before: Reply(after_seconds=18 if request.path == f"/{hanging}" else 0)
    assert ada.post(f"/webhooks/{hanging}/test").status_code == 202
    assert ada.post(f"/webhooks/{other}/test").status_code == 202
    until(ada, other, states("DELIVERED"))
    [waiting] = until(ada, hanging, lambda found: bool(found and found[0]["tries"]))
    assert waiting["reason"] == "The receiver had not answered after 15 s."


def test_a_receiver_that_is_gone_switches_the_webhook_off_until_it_is_set_again(ada: User, receiver: Receiver) -> None:
    receiver.behave = lambda _, before: Reply(410) if before == 0 else Reply()
    name = webhook(ada, receiver, events=["completed"])
    config = crew(task("Say it. [[say DONE]]"))
    ada.run(config, webhooks=[name])
    [failed] = until(ada, name, states("FAILED"))
    record = ada.get(f"/webhooks/{name}").json()
    assert (record["enabled"], "410" in record["off_reason"]) == (False, True)

    spec = {key: record[key] for key in ("url", "secret", "events", "crews")}
    assert ada.put(f"/webhooks/{name}", json=spec).json()["off_reason"] == ""
    assert ada.post(f"/webhooks/{name}/deliveries/{failed['delivery_id']}/redeliver").status_code == 202
    [delivered] = until(ada, name, states("DELIVERED"))
    first, second = receiver.at(f"/{name}")
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (delivered["round"], delivered["tries"]) == (2, 1)


def test_a_link_in_a_delivery_decides_without_a_token(
    ada: User, receiver: Receiver, running: tuple[str, ScriptedModel, Stack]
) -> None:
    assert ada.put("/decision-links", json={"enabled": True}).is_success
    name = webhook(ada, receiver, decision_links=True, events=["waiting"])
    execution_id = ada.submit(crew(task("Ask me.", "asked", human_input=True)), webhooks=[name])
    [delivery] = until(ada, name, states("DELIVERED"))
    [received] = receiver.at(f"/{name}")
    address = json.loads(received.body)["data"]["waiting"]["links"]["approve"]
    secret = address.partition("?link=")[2]
    assert secret not in json.dumps(delivery)
    with httpx.Client(trust_env=False) as anybody:  # as a browser asks that has no session
        page = anybody.get(address, headers={"sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site"})
        assert (page.status_code, "<button" in page.text) == (200, True), page.text
        assert ada.execution(execution_id)["status"] == "WAITING", "to open it decides nothing"
        form = {"link": secret, "comment": "From the train."}
        done = anybody.post(address.partition("?")[0], data=form, headers={"origin": running[0]})
        assert (done.status_code, "Your decision counts" in done.text) == (200, True), done.text
        assert ada.ended(execution_id)["status"] == "COMPLETED"
        assert anybody.post(address.partition("?")[0], data=form).status_code == 200
        forged = anybody.get(f"{address[:-4]}AAAA")
        assert (forged.status_code, "not valid" in forged.text) == (404, True)
    [approval] = ada.get(f"/executions/{execution_id}/approvals").json()["approvals"]
    assert approval["decision"]["decided_by"] == f"link sent to webhook {name}"
    logs = running[2].data / "logs"
    assert not [file.name for file in logs.rglob("*.log") if secret in file.read_text(errors="replace")]
    assert ada.put("/decision-links", json={"enabled": False}).is_success


def test_a_mail_asks_carries_the_link_and_tells_of_the_end(
    ada: User, model: ScriptedModel, running: tuple[str, ScriptedModel, Stack]
) -> None:
    assert ada.put("/decision-links", json={"enabled": True}).is_success
    name = f"people-{time.time_ns()}"
    spec = {"format": "mail", "to": ["boss@example.com"], "events": ["waiting", "failed"], "crews": []}
    assert ada.put(f"/webhooks/{name}", json={**spec, "decision_links": True}).status_code == 201
    execution_id = ada.submit(crew(task("Ask me.", "asked", human_input=True)), webhooks=[name])
    until(ada, name, states("DELIVERED"))
    asked = mails(running[2])[-1]
    assert (asked["From"], asked["To"]) == ("stepcrew@example.com", "boss@example.com")
    assert "waits for a decision" in asked["Subject"]
    _, reject = re.findall(r"http\S+/api/v1/decide\?link=\S+", text_of(asked))
    link = reject.partition("?link=")[2]
    done = httpx.post(reject.partition("?")[0], data={"link": link}, trust_env=False)
    assert "Your decision counts: rejected" in done.text
    assert ada.ended(execution_id)["error"]["category"] == "rejected"
    _, told = until(ada, name, states("DELIVERED", "DELIVERED"))
    assert told["to"] == "boss@example.com"
    assert "is FAILED" in mails(running[2])[-1]["Subject"]
    [approval] = ada.get(f"/executions/{execution_id}/approvals").json()["approvals"]
    assert approval["decision"]["decided_by"] == "link sent to boss@example.com"


def mails(stack: Stack) -> list[Message]:
    """What the local stack keeps in place of sending it, oldest first."""
    files = sorted((stack.data / "mails").glob("*.eml"))
    return [message_from_string(file.read_text()) for file in files]


def text_of(mail: Message) -> str:
    [part] = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


def test_slack_gets_the_question_of_an_approval(ada: User, receiver: Receiver) -> None:
    name = webhook(ada, receiver, format="slack", secret=None, events=["waiting"])
    execution_id = ada.submit(crew(task("Ask me.", "asked", human_input=True)), webhooks=[name])
    ada.until(execution_id, lambda record: record["status"] == "WAITING")
    [approval] = ada.get(f"/executions/{execution_id}/approvals").json()["approvals"]
    until(ada, name, states("DELIVERED"))
    [received] = receiver.at(f"/{name}")
    text = json.loads(received.body)["text"]
    assert "waits for a decision" in text
    assert approval["question"].splitlines()[0][:40] in text
    assert ada.post(f"/executions/{execution_id}/cancel").status_code == 202
