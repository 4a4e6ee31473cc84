"""What an attempt reaches with the policies of the template: its own execution, its group's secrets, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from tests.local.tiny_stack import invoke

from stepcrew.domain.project import group_digest
from stepcrew_local.deploy import physical_id
from stepcrew_local.stack import Stack

GROUP, OTHER = "demo", "demo-other"
EXECUTION, SIBLING = "0190-own", "0190-sibling"
DENIED = {"AccessDenied", "AccessDeniedException", "403"}


class Place(NamedTuple):
    group: str
    execution: str

    @property
    def key(self) -> str:
        return f"GROUP#{self.group}#EXECUTION#{self.execution}"

    @property
    def folder(self) -> str:
        return f"groups/{self.group}/executions/{self.execution}/"


OWN = Place(GROUP, EXECUTION)
FOREIGN = [Place(OTHER, EXECUTION), Place(GROUP, SIBLING), Place("demo", f"{EXECUTION}x"), Place("*", "*")]


def _as(place: Place, **changes: Any) -> dict[str, Any]:
    return {"name": place.execution, "tags": {"group": place.group, "execution": place.execution}, **changes}


def _refused(stack: Stack, service: str, operation: str, arguments: dict[str, Any], **session: Any) -> str | None:
    request = {"service": service, "operation": operation, "arguments": arguments, "session": _as(OWN, **session)}
    return invoke(stack, "RunnerFunction", request)["refused"]


def _item(key: str) -> dict[str, Any]:
    return {"PK": {"S": key}, "SK": {"S": "x"}}


def _on_records(table: str, key: str) -> dict[str, dict[str, Any]]:
    """Each call on items, about those under this partition key."""
    name, item = {"TableName": table}, _item(key)
    query = {"KeyConditionExpression": "PK = :key", "ExpressionAttributeValues": {":key": {"S": key}}}
    named = {**query, "KeyConditionExpression": "#p = :key", "ExpressionAttributeNames": {"#p": "PK"}}
    check = {"ConditionCheck": {**name, "Key": item, "ConditionExpression": "attribute_not_exists(nothing)"}}
    change = {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "b"}}}
    own = {"Put": {**name, "Item": _item(OWN.key + "#mine")}}
    return {
        "get_item": {**name, "Key": item},
        "query": {**name, **query},
        "query ": {**name, **named},
        "put_item": {**name, "Item": item},
        "update_item": {**name, "Key": item, **change},
        "transact_write_items": {"TransactItems": [own, {"Put": {**name, "Item": item}}]},
        "transact_write_items ": {"TransactItems": [own, {"Update": {**name, "Key": item, **change}}]},
        "transact_write_items  ": {"TransactItems": [own, check]},
        "transact_get_items": {"TransactItems": [{"Get": {**name, "Key": item}}]},
    }


@pytest.mark.parametrize("more", ["", "#JOURNAL"])
def test_an_attempt_works_on_the_items_of_its_execution(tiny_stack: Stack, more: str) -> None:
    for operation, arguments in _on_records(tiny_stack.outputs["TableName"], OWN.key + more).items():
        refused = _refused(tiny_stack, "dynamodb", operation.strip(), arguments)

        assert refused is None, f"{operation}: {refused}"


@pytest.mark.parametrize(
    "key",
    [
        *(place.key for place in FOREIGN),
        f"GROUP#{GROUP}",
        f"GROUP#{OTHER}",
        f"GROUP#{GROUP}#CREW#report",
        f"GROUP#{GROUP}#MEMORYX",
        f"GROUP#{GROUP}#IDEMPOTENCY#k",
        f"GROUP#{GROUP}#EXECUTION#",
        "OPEN#1",
    ],
)
def test_an_attempt_works_on_no_other_items(tiny_stack: Stack, key: str) -> None:
    for operation, arguments in _on_records(tiny_stack.outputs["TableName"], key).items():
        refused = _refused(tiny_stack, "dynamodb", operation.strip(), arguments)

        assert refused in DENIED, f"{operation} of {key}: {refused}"


@pytest.mark.parametrize(
    "more", ["#MEMORY", "#MEMORY#/crews/shop", "#VECTORS#openai/small", "#KNOWLEDGE", "#KNOWLEDGE#ab#openai/small"]
)
def test_an_attempt_works_on_the_memory_of_its_group_and_of_no_other(tiny_stack: Stack, more: str) -> None:
    table = tiny_stack.outputs["TableName"]
    for group_id, is_own in ((GROUP, True), (OTHER, False)):
        item = _item(f"GROUP#{group_id}{more}")
        query = {"KeyConditionExpression": "PK = :key", "ExpressionAttributeValues": {":key": item["PK"]}}
        put = {"Put": {"TableName": table, "Item": item}}
        calls: dict[str, dict[str, Any]] = {
            "get_item": {"TableName": table, "Key": item},
            "query": {"TableName": table, **query},
            "put_item": {"TableName": table, "Item": item},
            "transact_write_items": {"TransactItems": [put]},
            "batch_get_item": {"RequestItems": {table: {"Keys": [item]}}},
            "batch_write_item": {"RequestItems": {table: [{"PutRequest": {"Item": item}}]}},
            "delete_item": {"TableName": table, "Key": item},
        }
        for operation, arguments in calls.items():
            refused = _refused(tiny_stack, "dynamodb", operation, arguments)
            assert (refused is None) if is_own else (refused in DENIED), f"{operation} of {group_id}: {refused}"


def test_an_attempt_reaches_the_vectors_of_its_group_and_of_no_other(tiny_stack: Stack) -> None:
    bucket = physical_id(tiny_stack.emulator, "VectorBucket").rpartition("/")[2]
    tags = {**_as(OWN)["tags"], "group-digest": group_digest(GROUP)}
    numbers = {"float32": [1.0, 0.5]}
    shape = {"dataType": "float32", "dimension": 2, "distanceMetric": "cosine"}
    calls: dict[str, dict[str, Any]] = {
        "create_index": shape,
        "put_vectors": {"vectors": [{"key": "a", "data": numbers, "metadata": {"n": 1}}]},
        "get_vectors": {"keys": ["a"]},
        "query_vectors": {"queryVector": numbers, "topK": 1},
        "list_vectors": {},
        "delete_vectors": {"keys": ["a"]},
        "delete_index": {},
    }
    names = {"own": f"{group_digest(GROUP)}-one", "other": f"{group_digest(OTHER)}-one", "another": "one"}
    for whose, name in names.items():
        for operation, arguments in calls.items():
            where = {"vectorBucketName": bucket, "indexName": name}
            found = _refused(tiny_stack, "s3vectors", operation, {**where, **arguments}, tags=tags)
            assert (found is None) if whose == "own" else (found in DENIED), f"{operation} of {whose}: {found}"
    where = {"vectorBucketName": bucket, "indexName": names["own"], "keys": ["a"]}
    assert _refused(tiny_stack, "s3vectors", "get_vectors", where) in DENIED, (
        "A session without the digest reaches none."
    )


def test_an_attempt_keeps_states_of_its_groups_flows_and_of_no_others(tiny_stack: Stack) -> None:
    table = tiny_stack.outputs["TableName"]
    for group_id, is_own in ((GROUP, True), (OTHER, False)):
        item = _item(f"GROUP#{group_id}#STATES#visits")
        for operation, key in (("get_item", "Key"), ("put_item", "Item"), ("delete_item", "Key")):
            refused = _refused(tiny_stack, "dynamodb", operation, {"TableName": table, key: item})
            may = is_own and operation != "delete_item"
            assert (refused is None) if may else (refused in DENIED), f"{operation} of {group_id}: {refused}"


def test_an_attempt_reads_the_files_of_its_group_and_changes_none(tiny_stack: Stack) -> None:
    table, bucket = tiny_stack.outputs["TableName"], tiny_stack.outputs["BucketName"]
    for group_id, is_own in ((GROUP, True), (OTHER, False)):
        item, there = _item(f"GROUP#{group_id}#FILES"), f"kept/{group_id}/files/facts.txt/ab"
        tiny_stack.client("s3").put_object(Bucket=bucket, Key=there, Body=b"x")
        reads: list[tuple[str, str, dict[str, Any]]] = [
            ("dynamodb", "get_item", {"TableName": table, "Key": item}),
            ("s3", "get_object", {"Bucket": bucket, "Key": there}),
        ]
        for service, operation, arguments in reads:
            refused = _refused(tiny_stack, service, operation, arguments)
            assert (refused is None) if is_own else (refused in DENIED), f"{operation} of {group_id}: {refused}"
        missing = _refused(tiny_stack, "s3", "get_object", {"Bucket": bucket, "Key": f"{there}c"})
        assert missing == "NoSuchKey" if is_own else missing in DENIED
        writes: list[tuple[str, str, dict[str, Any]]] = [
            ("dynamodb", "put_item", {"TableName": table, "Item": item}),
            ("dynamodb", "delete_item", {"TableName": table, "Key": item}),
            ("s3", "put_object", {"Bucket": bucket, "Key": there, "Body": "y"}),
            ("s3", "delete_object", {"Bucket": bucket, "Key": there}),
            ("s3", "get_object", {"Bucket": bucket, "Key": f"kept/{group_id}/bundles/ab.zip"}),
        ]
        for service, operation, arguments in writes:
            assert _refused(tiny_stack, service, operation, arguments) in DENIED, f"{operation} of {group_id}"


def test_who_reads_files_works_on_what_the_group_of_its_session_knows_and_on_no_other(tiny_stack: Stack) -> None:
    table, bucket = tiny_stack.outputs["TableName"], tiny_stack.outputs["BucketName"]
    session = {"name": "knowledge", "tags": {"group": GROUP}}

    def refused(service: str, operation: str, arguments: dict[str, Any], **changes: Any) -> str | None:
        request = {
            "service": service,
            "operation": operation,
            "arguments": arguments,
            "session": {**session, **changes},
        }
        return invoke(tiny_stack, "KnowledgeFunction", request)["refused"]

    reads, changes = {"get_item", "query"}, {"put_item", "update_item"}
    may = {
        "#FILES": {*reads, "update_item"},
        "#KNOWLEDGE": {*reads, "put_item"},
        "#KNOWLEDGE#ab#openai/small": {*reads, "put_item"},
        "#VECTORS#openai/small": {*reads, "put_item"},
        "#MEMORY": {*reads, *changes},
        "#MEMORY#/crews/shop": {*reads, *changes},
        "#USAGE": {"query", *changes},
        "": {"get_item"},
        f"#EXECUTION#{EXECUTION}": set[str](),
    }
    for more, allowed in may.items():
        for group_id in (GROUP, OTHER):
            calls = _on_records(table, f"GROUP#{group_id}{more}")
            for operation in (*reads, *changes):
                is_own = group_id == GROUP and operation in allowed
                found = refused("dynamodb", operation, calls[operation])
                assert (found is None) if is_own else (found in DENIED), f"{operation} of {group_id}{more}: {found}"
    for group_id in (GROUP, OTHER):
        there = {"Bucket": bucket, "Key": f"kept/{group_id}/files/facts.txt/ab"}
        tiny_stack.client("s3").put_object(**there, Body=b"x")
        found = refused("s3", "get_object", there)
        assert (found is None) if group_id == GROUP else (found in DENIED)
        assert refused("s3", "put_object", {**there, "Body": "y"}) in DENIED
    prefix = tiny_stack.outputs["SecretsPrefix"]
    assert refused("ssm", "get_parameters_by_path", {"Path": f"{prefix}/operator"}) is None
    assert refused("ssm", "get_parameter", {"Name": f"{prefix}/groups/{GROUP}/KEY"}) in DENIED
    for tags in ({}, {"group": GROUP, "execution": EXECUTION}, {"group": "*"}):
        assert refused("sts", "get_caller_identity", {}, tags=tags) in {*DENIED, "ValidationError"}, tags


def test_calls_that_name_no_key_or_could_delete_are_refused_even_for_own_items(tiny_stack: Stack) -> None:
    table = tiny_stack.outputs["TableName"]
    name, item = {"TableName": table}, _item(OWN.key)
    index = {"KeyConditionExpression": "group_key = :g", "ExpressionAttributeValues": {":g": {"S": f"GROUP#{GROUP}"}}}
    calls: dict[str, dict[str, Any]] = {
        "scan": name,
        "delete_item": {**name, "Key": item},
        "batch_write_item": {"RequestItems": {table: [{"DeleteRequest": {"Key": item}}]}},
        "batch_get_item": {"RequestItems": {table: {"Keys": [item]}}},
        "query": {**name, "IndexName": "by_group", **index},
        "execute_statement": {"Statement": f'SELECT * FROM "{table}"'},
        "transact_write_items": {"TransactItems": [{"Delete": {**name, "Key": item}}]},
        "describe_table": name,
    }
    for operation, arguments in calls.items():
        assert _refused(tiny_stack, "dynamodb", operation, arguments) in DENIED, operation


@pytest.fixture
def objects(tiny_stack: Stack) -> Iterator[None]:
    s3, bucket = tiny_stack.client("s3"), tiny_stack.outputs["BucketName"]
    places = [OWN, *FOREIGN]
    for place in places:
        s3.put_object(Bucket=bucket, Key=f"{place.folder}there", Body=b"x")
    yield
    for place in places:
        s3.delete_object(Bucket=bucket, Key=f"{place.folder}there")


def _on_objects(bucket: str, folder: str) -> dict[str, dict[str, Any]]:
    there = {"Bucket": bucket, "Key": f"{folder}there"}
    return {
        "get_object": there,
        "head_object": there,
        "put_object": {**there, "Body": b"y".decode()},
        "get_object ": {"Bucket": bucket, "Key": f"{folder}missing"},
        "head_object ": {"Bucket": bucket, "Key": f"{folder}missing"},
        "list_objects_v2": {"Bucket": bucket, "Prefix": folder},
    }


def test_an_attempt_works_on_the_objects_of_its_execution_and_learns_what_is_missing(
    tiny_stack: Stack, objects: None
) -> None:
    for operation, arguments in _on_objects(tiny_stack.outputs["BucketName"], OWN.folder).items():
        refused = _refused(tiny_stack, "s3", operation.strip(), arguments)

        assert refused in ({"NoSuchKey", "404"} if operation.endswith(" ") else {None}), f"{operation}: {refused}"


@pytest.mark.parametrize("place", FOREIGN)
def test_an_attempt_works_on_no_other_objects(tiny_stack: Stack, objects: None, place: Place) -> None:
    for operation, arguments in _on_objects(tiny_stack.outputs["BucketName"], place.folder).items():
        refused = _refused(tiny_stack, "s3", operation.strip(), arguments)

        assert refused in DENIED, f"{operation} of {place.folder}: {refused}"


def test_an_attempt_deletes_no_objects_and_lists_no_more_than_its_own(tiny_stack: Stack, objects: None) -> None:
    bucket = {"Bucket": tiny_stack.outputs["BucketName"]}
    own = [{"Key": f"{OWN.folder}there"}]
    tiny_stack.client("s3").put_object(**bucket, Key=own[0]["Key"], Body=b"x")
    # S3 answers a batch with 200 and the refusals inside, so what counts is that the object is still there.
    _refused(tiny_stack, "s3", "delete_objects", {**bucket, "Delete": {"Objects": own}})
    tiny_stack.client("s3").head_object(**bucket, **own[0])

    assert _refused(tiny_stack, "s3", "delete_object", {**bucket, **own[0]}) in DENIED
    for prefix in ({}, {"Prefix": ""}, {"Prefix": "groups/"}, {"Prefix": f"groups/{GROUP}/"}):
        assert _refused(tiny_stack, "s3", "list_objects_v2", {**bucket, **prefix}) in DENIED, prefix


def test_an_attempt_reads_the_secrets_of_its_group_only(tiny_stack: Stack) -> None:
    prefix = tiny_stack.outputs["SecretsPrefix"]
    ssm = tiny_stack.client("ssm")
    for place in ("operator", f"groups/{GROUP}", f"groups/{OTHER}"):
        with suppress(ssm.exceptions.ParameterAlreadyExists):
            ssm.put_parameter(Name=f"{prefix}/{place}/KEY", Value="v", Type="SecureString")

    def refused(operation: str, **arguments: Any) -> str | None:
        return _refused(tiny_stack, "ssm", operation, {**arguments, "WithDecryption": True})

    assert refused("get_parameter", Name=f"{prefix}/groups/{GROUP}/KEY") is None
    assert refused("get_parameters_by_path", Path=f"{prefix}/operator") is None
    for path in (f"{prefix}/groups/{OTHER}", f"{prefix}/groups", prefix, f"{prefix}/groups/{GROUP}/../{OTHER}", "/"):
        assert refused("get_parameters_by_path", Path=path, Recursive=True) in {*DENIED, "ValidationException"}, path
    assert refused("get_parameter", Name=f"{prefix}/groups/{OTHER}/KEY") in DENIED
    names = [f"{prefix}/groups/{GROUP}/KEY", f"{prefix}/groups/{OTHER}/KEY"]
    assert refused("get_parameters", Names=names) in DENIED
    assert refused("get_parameters", Names=names[:1]) in DENIED  # nobody asks so: not granted
    assert _refused(tiny_stack, "ssm", "put_parameter", {"Name": names[0], "Value": "x", "Overwrite": True}) in DENIED
    assert _refused(tiny_stack, "ssm", "delete_parameter", {"Name": names[0]}) in DENIED


def test_an_attempt_sends_traces_under_its_own_name_and_receives_none(tiny_stack: Stack) -> None:
    queue = {"QueueUrl": tiny_stack.outputs["TraceQueueUrl"]}
    body = json.dumps({"sender": "least reach"})
    message = {**queue, "MessageBody": body, "MessageGroupId": "g", "MessageDeduplicationId": "least-reach"}

    assert _refused(tiny_stack, "sqs", "send_message", message) is None
    for operation in ("receive_message", "purge_queue", "get_queue_attributes"):
        assert _refused(tiny_stack, "sqs", operation, queue) in DENIED, operation
    others = {**queue, "QueueUrl": tiny_stack.outputs["TraceDeadLetterQueueUrl"]}
    assert _refused(tiny_stack, "sqs", "send_message", {**message, **others}) in DENIED


def test_an_attempt_calls_functions_that_say_they_serve_its_group_and_no_others(tiny_stack: Stack) -> None:
    functions = tiny_stack.client("lambda")
    arn = functions.get_function(FunctionName=physical_id(tiny_stack.emulator, "TriggerFunction"))
    arn = arn["Configuration"]["FunctionArn"]
    call = {"FunctionName": arn, "Payload": "{}"}

    for group in (None, OTHER, "*", f"{GROUP}x"):
        functions.tag_resource(Resource=arn, Tags={"stepcrew-group": group} if group else {"other": GROUP})
        assert _refused(tiny_stack, "lambda", "invoke", call) in DENIED, group
    functions.tag_resource(Resource=arn, Tags={"stepcrew-group": GROUP})
    assert _refused(tiny_stack, "lambda", "invoke", call) is None
    for operation in ("get_function", "update_function_code", "delete_function"):
        more = {"ZipFile": "x"} if operation == "update_function_code" else {}
        assert _refused(tiny_stack, "lambda", operation, {"FunctionName": arn, **more}) in DENIED, operation
    request = {"service": "lambda", "operation": "invoke", "arguments": call}
    for function in ("RunnerFunction", "ReconcilerFunction"):
        assert invoke(tiny_stack, function, request)["refused"] in DENIED, function
    functions.untag_resource(Resource=arn, TagKeys=["stepcrew-group", "other"])


def test_sqs_tells_the_role_and_the_session_that_sent_a_message(tiny_stack: Stack) -> None:
    sqs, iam = tiny_stack.client("sqs"), tiny_stack.client("iam")
    queue = tiny_stack.outputs["TraceQueueUrl"]
    mapping = tiny_stack.client("lambda").list_event_source_mappings()["EventSourceMappings"][0]["UUID"]
    tiny_stack.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        message = {"QueueUrl": queue, "MessageBody": "{}", "MessageGroupId": "w", "MessageDeduplicationId": "who"}
        assert _refused(tiny_stack, "sqs", "send_message", message) is None
        received = sqs.receive_message(QueueUrl=queue, AttributeNames=["SenderId"], WaitTimeSeconds=5)["Messages"][0]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=received["ReceiptHandle"])
    finally:
        tiny_stack.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
    role = next(role for role in iam.list_roles()["Roles"] if "AttemptRole" in role["RoleName"])

    assert role["RoleId"].startswith("AROA")
    assert received["Attributes"]["SenderId"] == f"{role['RoleId']}:{EXECUTION}"


@pytest.mark.parametrize(
    "session",
    [
        {"name": SIBLING},
        {"tags": {"group": GROUP}},
        {"tags": {"execution": EXECUTION}},
        {"tags": {}},
        {"tags": {"group": GROUP, "execution": EXECUTION, "more": "x"}},
        {"tags": {"group": "*", "execution": EXECUTION}},
        {"tags": {"group": "de?o", "execution": EXECUTION}},
        {"tags": {"group": "${aws:PrincipalTag/execution}", "execution": EXECUTION}},
    ],
)
def test_no_session_is_given_for_another_name_or_without_both_tags_or_with_a_pattern(
    tiny_stack: Stack, session: dict[str, Any]
) -> None:
    assert _refused(tiny_stack, "sts", "get_caller_identity", {}, **session) in {*DENIED, "ValidationError"}


def test_only_the_runner_begins_attempts_and_alone_it_reaches_nothing_of_a_group(tiny_stack: Stack) -> None:
    table, bucket = tiny_stack.outputs["TableName"], tiny_stack.outputs["BucketName"]
    role = next(r["Arn"] for r in tiny_stack.client("iam").list_roles()["Roles"] if "AttemptRole" in r["RoleName"])
    tags = [{"Key": key, "Value": value} for key, value in _as(OWN)["tags"].items()]
    assume = {"RoleArn": role, "RoleSessionName": EXECUTION, "Tags": tags}
    alone: dict[str, tuple[str, dict[str, Any]]] = {
        "get_item": ("dynamodb", {"TableName": table, "Key": _item(OWN.key)}),
        "put_object": ("s3", {"Bucket": bucket, "Key": f"{OWN.folder}x", "Body": "x"}),
        "get_object": ("s3", {"Bucket": bucket, "Key": f"{OWN.folder}x"}),
        "send_message": ("sqs", {"QueueUrl": tiny_stack.outputs["TraceQueueUrl"], "MessageBody": "x"}),
        "get_parameters_by_path": ("ssm", {"Path": f"{tiny_stack.outputs['SecretsPrefix']}/operator"}),
    }

    for function in ("TraceSinkFunction", "ReconcilerFunction"):
        request = {"service": "sts", "operation": "assume_role", "arguments": assume}
        assert invoke(tiny_stack, function, request)["refused"] in DENIED, function
    for operation, (service, arguments) in alone.items():
        request = {"service": service, "operation": operation, "arguments": arguments}
        assert invoke(tiny_stack, "RunnerFunction", request)["refused"] in DENIED, operation


def test_the_administrator_is_not_asked_for_keys(tiny_stack: Stack) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        tiny_stack.client("s3").get_object(Bucket=tiny_stack.outputs["BucketName"], Key="groups/g/missing")
