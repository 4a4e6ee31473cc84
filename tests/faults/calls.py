"""The calls at which the matrix strikes, by the names that the proxy gives them."""

from __future__ import annotations

API, RUNNER, SINK, RECONCILER = "ApiFunction", "RunnerFunction", "TraceSinkFunction", "ReconcilerFunction"
KNOWLEDGE, PROJECT = "KnowledgeFunction", "ProjectFunction"
"""The second stands for the functions of all projects."""
TRIGGER, ANNOUNCER, SENDER = "TriggerFunction", "AnnouncerFunction", "WebhookSenderFunction"
WORDS = {API: "API", RUNNER: "runner", SINK: "trace sink", RECONCILER: "reconciler"}

STORE_EXECUTION = "store the execution (DynamoDB.TransactWriteItems)"
START_MACHINE = "start the state machine (SFN.StartExecution)"

BEGIN = "begin the attempt (DynamoDB.UpdateItem)"
READ_DEFINITION = "read the definition (DynamoDB.GetItem)"
READ_OUTPUTS = "read the finished outputs (DynamoDB.Query)"
READ_KEYS = "read the operator's keys (SSM.GetParametersByPath)"
STORE_OUTPUT = "store a task's output (DynamoDB.TransactWriteItems)"
WRITE_JOURNAL = "write the journal (DynamoDB.PutItem)"
READ_MEMORY = "read the memory (DynamoDB.Query)"
REMEMBER = "remember (DynamoDB.TransactWriteItems)"
BEGIN_READING = "begin to read a file (DynamoDB.UpdateItem)"
KEEP_CHUNKS = "keep chunks (DynamoDB.BatchWriteItem)"
END_READING = "end reading a file (DynamoDB.UpdateItem)"
KEEP_VECTOR = "keep a vector (DynamoDB.UpdateItem)"
CHANGE_MEMORY = "change the memory (DynamoDB.UpdateItem)"
"""Its root scope: which embedding model it has, and where it is going."""
HAND_OVER = "hand over (DynamoDB.UpdateItem)"
PARK = "park the execution (DynamoDB.TransactWriteItems)"
END = "end the execution (DynamoDB.UpdateItem)"

STORE_EVENTS = "store trace events (DynamoDB.BatchWriteItem)"
COUNT_EVENTS = "count trace events (DynamoDB.TransactWriteItems)"

DECIDE = "decide (DynamoDB.TransactWriteItems)"
KEEP_TOKEN = "keep the task token (DynamoDB.UpdateItem)"

READ_UPLOAD = "S3.GET"
KEEP_FIRING = "keep the firing (DynamoDB.PutItem)"
READ_HOLDERS = "read the record (DynamoDB.BatchGetItem)"
"""Of whoever waits for a slot and whoever has one: it belongs to no execution."""
GIVE_SLOT = "give a slot (DynamoDB.TransactWriteItems)"
ANNOUNCE = "announce (EventBridge.PutEvents)"
KEEP_DELIVERY = "keep the delivery (DynamoDB.PutItem)"
HIDE_MESSAGE = "hide the message (SQS.ChangeMessageVisibility)"
