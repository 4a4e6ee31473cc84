"""Webhooks over the API: who may make them, what is refused, and the log of their deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stepcrew.domain.webhook import Answer, Attempt, DeliveryState, WebhookMessage, delivery_of, sample
from tests.aws_table import NOW
from tests.unit.api.harness import BOB, MIA, VERA, Harness, body

URL = "https://receiver.example.com/crews"


@pytest.fixture
def webhooks(harness: Harness) -> Harness:
    client = harness.client()
    assert client.put("/secrets/WEBHOOK_KEY", json={"value": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}).is_success
    return harness


def spec(**changes: Any) -> dict[str, Any]:
    return {"url": URL, "secret": "WEBHOOK_KEY", **changes}


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


def test_a_webhook_is_made_read_changed_and_removed(webhooks: Harness) -> None:
    client = webhooks.client()
    made = client.put("/webhooks/ops", json=spec())
    assert (made.status_code, made.headers["location"]) == (201, "/api/v1/webhooks/ops")
    assert made.json()["events"] == ["waiting", "completed", "failed", "cancelled", "budget"]
    assert (made.json()["made_by"], made.json()["crews"]) == ("ada@example.com", None)
    changed = client.put("/webhooks/ops", json=spec(events=["failed"], crews=["report"], enabled=False))
    assert (changed.status_code, changed.json()["revision"], changed.json()["enabled"]) == (200, 2, False)
    assert client.get("/webhooks").json() == {"webhooks": [changed.json()]}
    assert client.get("/webhooks/ops").json() == changed.json()
    assert [client.delete("/webhooks/ops").status_code for _ in (1, 2)] == [204, 204]
    for path in ("/webhooks/ops", "/webhooks/ops/deliveries"):
        assert client.get(path).status_code == 404
    assert client.post("/webhooks/ops/test").status_code == 404


def test_only_admins_make_webhooks_and_viewers_and_other_groups_see_none(webhooks: Harness) -> None:
    webhooks.client().put("/webhooks/ops", json=spec())
    for caller in (MIA, VERA):
        assert webhooks.client(caller).put("/webhooks/ops", json=spec()).status_code == 403
        assert webhooks.client(caller).delete("/webhooks/ops").status_code == 403
    assert webhooks.client(MIA).get("/webhooks/ops").status_code == 200
    assert webhooks.client(VERA).get("/webhooks/ops").status_code == 403
    assert webhooks.client(BOB).get("/webhooks").json() == {"webhooks": []}
    assert webhooks.client(BOB).get("/webhooks/ops").status_code == 404


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"url": "http://receiver.example.com/"}, [("/url", "not_https")]),
        ({"url": "https://10.0.0.1/"}, [("/url", "private_address")]),
        ({"url": "https://2130706433/"}, [("/url", "private_address")]),
        ({"url": "http://127.0.0.1:9998/"}, [("/url", "not_https"), ("/url", "private_address")]),
        ({"url": "ftp://example.com/"}, [("/url", "value_error")]),
        ({"url": "https://user:word@example.com/"}, [("/url", "value_error")]),
        ({"url": "https://example.com/\r\nx: y"}, [("/url", "value_error")]),
        ({"url": "https://example.com:70000/"}, [("/url", "value_error")]),
        ({"secret": "WEBHOOK_OTHER"}, [("/secret", "unknown_secret")]),
        ({"events": []}, [("/events", "too_short")]),
        ({"events": ["started"]}, [("/events/0", "literal_error")]),
        ({"retries": 3}, [("/retries", "extra_forbidden")]),
    ],
)
def test_what_is_wrong_is_told_by_field(
    webhooks: Harness, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(webhooks.client().put("/webhooks/ops", json=spec(**changes))) == expected
    assert webhooks.client().get("/webhooks").json() == {"webhooks": []}


def test_a_signed_format_needs_a_secret_that_the_sender_may_read(webhooks: Harness) -> None:
    client = webhooks.client()
    assert client.put("/webhooks/ops", json={"url": URL}).status_code == 422
    answer = client.put("/webhooks/ops", json=spec(secret="HOOK_KEY"))
    assert answer.status_code == 422
    assert "WEBHOOK_" in answer.text
    assert client.put("/webhooks/ops", json={"url": URL, "format": "slack"}).status_code == 201


def test_a_receiver_inside_is_taken_where_the_operator_allows_it(webhooks: Harness) -> None:
    assert webhooks.client().put("/webhooks/ops", json=spec(url="http://127.0.0.1:9999/in")).status_code == 201


def test_a_group_has_a_bounded_number_of_webhooks(webhooks: Harness) -> None:
    client = webhooks.client()
    for number in range(20):
        assert client.put(f"/webhooks/w{number}", json=spec()).status_code == 201
    assert faults(client.put("/webhooks/another", json=spec())) == [("", "too_many")]
    assert client.put("/webhooks/w0", json=spec(events=["failed"])).status_code == 200


def test_a_test_sends_a_sample(webhooks: Harness) -> None:
    client = webhooks.client()
    client.put("/webhooks/ops", json=spec())
    answer = client.post("/webhooks/ops/test")
    [sent] = webhooks.webhook_queue.sent
    assert (answer.status_code, answer.json()) == (202, {"delivery_id": sent.delivery_id})
    assert (sent.group_id, sent.announcement.type) == ("demo", "stepcrew.webhook.test")
    assert webhooks.client(MIA).post("/webhooks/ops/test").status_code == 403


def delivered(webhooks: Harness, number: int, state: DeliveryState) -> str:
    message = WebhookMessage(group_id="demo", webhook="ops", announcement=sample("demo", f"e{number}", NOW))
    delivery = delivery_of(message, NOW + timedelta(seconds=number))
    if state is DeliveryState.FAILED:
        attempt = Attempt(**Answer(status=500, body="broken").model_dump(), at=NOW)
        delivery = delivery.model_copy(update={"attempts": [attempt], "tries": 1})
    webhooks.webhooks.save_delivery("demo", delivery.model_copy(update={"state": state}))
    return message.delivery_id


def test_deliveries_are_listed_newest_first_page_by_page(webhooks: Harness) -> None:
    client = webhooks.client()
    client.put("/webhooks/ops", json=spec())
    ids = [delivered(webhooks, number, DeliveryState.FAILED) for number in range(3)]
    first = client.get("/webhooks/ops/deliveries", params={"limit": 2}).json()
    assert [one["delivery_id"] for one in first["deliveries"]] == [ids[2], ids[1]]
    assert (first["deliveries"][0]["attempts"][0]["status"], first["deliveries"][0]["state"]) == (500, "FAILED")
    second = client.get("/webhooks/ops/deliveries", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [one["delivery_id"] for one in second["deliveries"]] == [ids[0]]
    assert second["next_cursor"] is None


def test_a_delivery_that_is_over_is_made_again_and_one_that_is_tried_is_not(webhooks: Harness) -> None:
    client = webhooks.client()
    client.put("/webhooks/ops", json=spec())
    failed, waiting = delivered(webhooks, 1, DeliveryState.FAILED), delivered(webhooks, 2, DeliveryState.WAITING)
    for _ in (1, 2):
        assert client.post(f"/webhooks/ops/deliveries/{failed}/redeliver").status_code == 202
    first, second = webhooks.webhook_queue.sent
    assert (first, first.round, first.delivery_id) == (second, 2, failed), "asked for twice, it is one message"
    assert client.post(f"/webhooks/ops/deliveries/{waiting}/redeliver").status_code == 409
    assert client.post(f"/webhooks/ops/deliveries/msg_{'0' * 32}/redeliver").status_code == 404
    assert webhooks.client(BOB).post(f"/webhooks/ops/deliveries/{failed}/redeliver").status_code == 404


def test_an_execution_names_webhooks_of_its_group(webhooks: Harness) -> None:
    client = webhooks.client()
    client.put("/webhooks/ops", json=spec(crews=[]))
    answer = client.post("/executions", json=body(webhooks=["ops"]))
    assert answer.status_code == 202, answer.text
    record = client.get(f"/executions/{answer.json()['execution_id']}").json()
    assert record["webhooks"] == ["ops"]
    assert faults(client.post("/executions", json=body(webhooks=["ops", "opps"]))) == [
        ("/webhooks/1", "unknown_webhook")
    ]
    assert webhooks.client(BOB).post("/executions", json=body(webhooks=["ops"])).status_code == 422


def test_another_choice_of_webhooks_is_another_request(webhooks: Harness) -> None:
    client = webhooks.client()
    client.put("/webhooks/ops", json=spec())
    key = {"Idempotency-Key": "k"}
    assert client.post("/executions", json=body(webhooks=["ops"]), headers=key).status_code == 202
    assert client.post("/executions", json=body(webhooks=["ops"]), headers=key).headers["idempotency-replayed"]
    assert client.post("/executions", json=body(), headers=key).status_code == 422


def mail(**changes: Any) -> dict[str, Any]:
    return {"format": "mail", "to": ["ada@example.com"], **changes}


def test_a_webhook_may_be_addresses_of_people(webhooks: Harness) -> None:
    client = webhooks.client()
    made = client.put("/webhooks/people", json=mail(to=["ada@example.com", "bob@example.com"], decision_links=True))
    assert made.status_code == 201, made.text
    assert (made.json()["url"], made.json()["to"]) == (None, ["ada@example.com", "bob@example.com"])
    answer = client.post("/webhooks/people/test")
    assert [one.to for one in webhooks.webhook_queue.sent] == ["ada@example.com", "bob@example.com"]
    first = webhooks.webhook_queue.sent[0]
    assert answer.json()["delivery_id"] == first.delivery_id
    failed = delivery_of(first, NOW).model_copy(update={"webhook": "people", "state": DeliveryState.FAILED})
    webhooks.webhooks.save_delivery("demo", failed)
    assert client.post(f"/webhooks/people/deliveries/{first.delivery_id}/redeliver").status_code == 202
    again = webhooks.webhook_queue.sent[-1]
    assert (again.to, again.round, again.delivery_id) == ("ada@example.com", 2, first.delivery_id)
    assert client.get("/webhooks/people/deliveries").json()["deliveries"][0]["to"] == "ada@example.com"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"to": []}, [("", "value_error")]),
        ({"to": ["ada@example.com", "ada@example.com"]}, [("", "value_error")]),
        ({"url": URL}, [("", "value_error")]),
        ({"secret": "WEBHOOK_KEY"}, [("", "value_error")]),
        ({"format": "slack"}, [("", "value_error")]),
        ({"to": ["Ada <ada@example.com>"]}, [("/to/0", "string_pattern_mismatch")]),
        ({"to": ["ada@example.com\r\nBcc: eve@example.com"]}, [("/to/0", "string_pattern_mismatch")]),
        ({"to": ["ada@example.com", "eve@elsewhere.org"]}, [("/to/1", "not_allowed")]),
        ({"to": [f"a{number}@example.com" for number in range(11)]}, [("/to", "too_long")]),
    ],
)
def test_what_is_wrong_with_addresses_is_told(
    webhooks: Harness, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(webhooks.client().put("/webhooks/people", json=mail(**changes))) == expected
