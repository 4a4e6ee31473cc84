from __future__ import annotations

from tests.aws_table import emulated_aws

from stepcrew.aws.queue_state import SqsTraceQueueState
from stepcrew.domain.diagnosis import TraceQueueDepth


def test_messages_are_counted_by_where_they_are() -> None:
    with emulated_aws() as aws:
        sqs = aws.clients.sqs
        queue, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("trace", "dead"))
        for url, number in ((queue, 3), (dead, 2)):
            for _ in range(number):
                sqs.send_message(QueueUrl=url, MessageBody="a message")
        sqs.receive_message(QueueUrl=queue)
        found = SqsTraceQueueState(aws.clients, queue, dead).depth()
    assert found == TraceQueueDepth(waiting=2, in_flight=1, dead=2)
