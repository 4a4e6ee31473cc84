from __future__ import annotations

from collections.abc import Generator

import pytest
from botocore.stub import Stubber
from tests.aws_table import emulated_aws

from stepcrew.aws.clients import Clients
from stepcrew.aws.queue_state import QueueUrls, SqsQueues
from stepcrew.domain.diagnosis import TraceQueueDepth
from stepcrew.domain.errors import Conflict

ARN = "arn:aws:sqs:us-east-1:123456789012"


@pytest.fixture
def clients() -> Generator[Clients]:
    with emulated_aws() as aws:
        yield aws.clients


def test_messages_are_counted_by_where_they_are(clients: Clients) -> None:
    sqs = clients.sqs
    queue, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("trace", "dead"))
    for url, number in ((queue, 3), (dead, 2)):
        for _ in range(number):
            sqs.send_message(QueueUrl=url, MessageBody="a message")
    sqs.receive_message(QueueUrl=queue)
    queues = SqsQueues(clients, {"trace": QueueUrls(queue, dead, redrivable=True), "other": QueueUrls("", dead)})
    assert queues.depth() == TraceQueueDepth(waiting=2, in_flight=1, dead=2)
    assert [(one.name, one.waiting, one.dead, one.redrivable) for one in queues.states()] == [
        *(("trace", 2, 2, True), ("other", 0, 2, False)),
    ]


def test_dead_letters_are_sent_back_where_they_came_from_once_at_a_time(clients: Clients) -> None:
    queues = SqsQueues(clients, {"trace": QueueUrls("q", "d", redrivable=True), "webhook": QueueUrls("q", "d")})
    task = {"SourceArn": f"{ARN}:d", "DestinationArn": f"{ARN}:q"}
    with Stubber(clients.sqs) as stub:
        for is_first in (True, False):
            for url in ("d", "q"):
                asked = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
                stub.add_response("get_queue_attributes", {"Attributes": {"QueueArn": f"{ARN}:{url}"}}, asked)
            if is_first:
                stub.add_response("start_message_move_task", {"TaskHandle": "t"}, task)
            else:
                stub.add_client_error("start_message_move_task", "AWS.SimpleQueueService.UnsupportedOperation")
        queues.redrive("trace")
        with pytest.raises(Conflict):
            queues.redrive("trace")
        stub.assert_no_pending_responses()
    for name in ("webhook", "nothing"):
        with pytest.raises(KeyError):
            queues.redrive(name)
