"""What webhooks need of the outside: the queue, the receiver of a request, the service for mails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.stub import Stubber

from stepcrew.aws.http_poster import HttpPoster
from stepcrew.aws.mailer import SesMailer
from stepcrew.aws.webhooks import SqsWebhookQueue
from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.mail import Mail
from stepcrew.domain.webhook import Answer, WebhookMessage
from stepcrew.services.webhook_ports import Mailer, Poster, WebhookQueue
from tests.aws_table import GROUP, emulated_aws, execution
from tests.fakes.webhooks import FakeMailer, FakePoster, FakeWebhookQueue

HEADERS = {"content-type": "application/json", "webhook-id": "msg_1"}
ADA = "ada@example.com"


class Queue(NamedTuple):
    port: WebhookQueue
    received: Callable[[], list[WebhookMessage]]


@pytest.fixture(params=["adapter", "fake"])
def queue(request: pytest.FixtureRequest) -> Generator[Queue]:
    if request.param == "fake":
        fake = FakeWebhookQueue()
        yield Queue(fake, lambda: fake.waiting)
        return
    with emulated_aws() as aws:
        sqs = aws.clients.sqs
        settings = {
            "FifoQueue": "true",
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
        }
        url = sqs.create_queue(QueueName="webhooks.fifo", Attributes=settings)["QueueUrl"]

        def received() -> list[WebhookMessage]:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            return [WebhookMessage.model_validate_json(message.get("Body", "")) for message in found]

        yield Queue(SqsWebhookQueue(aws.clients, url), received)


def message(revision: int = 1, **changes: Any) -> WebhookMessage:
    told = announcement_of(execution().model_copy(update={"revision": revision}))
    return WebhookMessage(group_id=GROUP, webhook="ops", announcement=told, **changes)


def test_messages_of_a_receiver_and_an_execution_arrive_in_order_as_they_were_sent(queue: Queue) -> None:
    sent = [message(1), message(2), message(3)]
    for one in sent:
        queue.port.send(one)
    assert queue.received() == sent


def test_the_same_message_sent_again_is_one_and_another_round_or_receiver_is_another(queue: Queue) -> None:
    others = [message(round=2), message(to=ADA)]
    for one in (message(), message(), *others, message(round=2)):
        queue.port.send(one)
    assert sorted(queue.received(), key=str) == sorted([message(), *others], key=str)


class Receiver(NamedTuple):
    port: Poster
    url: str
    answer: Callable[[int], None]
    posted: Callable[[], list[tuple[str, bytes]]]


@pytest.fixture(params=["adapter", "fake"])
def receiver(request: pytest.FixtureRequest) -> Generator[Receiver]:
    if request.param == "fake":
        fake, url = FakePoster(), "https://receiver.example.com"
        shown = lambda: [(headers["webhook-id"], body) for _, headers, body in fake.posted]  # noqa: E731
        yield Receiver(fake, url, lambda status: fake.answers.append(Answer(status=status)), shown)
        return
    statuses: list[int] = []
    posted: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            posted.append((str(self.headers["webhook-id"]), body))
            self.send_response(statuses.pop(0) if statuses else 204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield Receiver(HttpPoster([url]), url, statuses.append, lambda: posted)
        server.shutdown()


def test_a_request_arrives_as_it_was_posted_and_the_status_is_told(receiver: Receiver) -> None:
    receiver.answer(503)
    first = receiver.port.post(receiver.url, HEADERS, b"{}")
    second = receiver.port.post(receiver.url, HEADERS, b"{}")
    assert [(one.status, one.is_taken, one.is_final) for one in (first, second)] == [
        (503, False, False),
        (204, True, False),
    ]
    assert receiver.posted() == [("msg_1", b"{}")] * 2


@pytest.fixture(params=["adapter", "fake"])
def mailer(request: pytest.FixtureRequest) -> Mailer:
    if request.param == "fake":
        return FakeMailer()

    class Clients:
        def __init__(self) -> None:
            untyped: Any = boto3
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            self.sesv2 = untyped.client("sesv2", region_name="us-east-1", **keys)

    clients: Any = Clients()
    stubber = Stubber(clients.sesv2)
    stubber.add_client_error("get_suppressed_destination", "NotFoundException")
    stubber.add_response("send_email", {"MessageId": "m-1"})
    stubber.activate()
    return SesMailer(clients, "crews@example.com")


def test_a_mail_that_is_taken_is_told_with_its_id(mailer: Mailer) -> None:
    answer = mailer.send(ADA, Mail("s", "t"))
    assert (answer.is_taken, answer.body, answer.reason) == (True, "Amazon SES took it: m-1", "")
