"""What the function that reads files is asked, checked against AWS's own model of the request, and its answers."""

from __future__ import annotations

from functools import cached_property
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from stepcrew.aws.clients import Clients, SessionKeys
from stepcrew.aws.knowledge_function import LambdaKnowledge
from stepcrew.domain.errors import Category, PlatformUnavailable
from stepcrew.domain.knowledge_requests import EmbeddingRefused, EmbedTexts, ReadFile, Vectors

TEXTS = EmbedTexts(group_id="demo", texts=["tea"])


class OneFunction(Clients):
    @cached_property
    def lambda_(self) -> Any:
        untyped: Any = boto3  # its stubs know only literal service names
        return untyped.client("lambda", aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")

    def functions(self, seconds: int) -> Any:
        del seconds
        return self.lambda_


def asked(answer: str, **more: str) -> Vectors:
    clients = OneFunction(SessionKeys("a", "b", "c"))
    payload = StreamingBody(BytesIO(answer.encode()), len(answer.encode()))
    sent = {"FunctionName": "knowledge", "Payload": TEXTS.model_dump_json().encode()}
    with Stubber(clients.lambda_) as stub:
        stub.add_response("invoke", {"StatusCode": 200, "Payload": payload, **more}, sent)
        return LambdaKnowledge(clients, "knowledge").embed_texts(TEXTS)


def test_reading_a_file_is_not_waited_for() -> None:
    clients, request = OneFunction(SessionKeys("a", "b", "c")), ReadFile(group_id="demo", name="a.txt", sha256="ab")
    sent = {"FunctionName": "knowledge", "InvocationType": "Event", "Payload": request.model_dump_json().encode()}
    with Stubber(clients.lambda_) as stub:
        stub.add_response("invoke", {"StatusCode": 202}, sent)
        LambdaKnowledge(clients, "knowledge").read_file(request)
        stub.assert_no_pending_responses()
        stub.add_client_error("invoke", "TooManyRequestsException")
        with pytest.raises(PlatformUnavailable):
            LambdaKnowledge(clients, "knowledge").read_file(request)


def test_vectors_come_back_as_they_are_kept() -> None:
    made = Vectors(embedder="openai/small", vectors=[b"AAAA"])
    assert made.vectors == [b"\0\0\0"]
    assert asked(made.model_dump_json()) == made


def test_what_the_embedding_model_refuses_is_told_with_its_remedy() -> None:
    answer = '{"refused": "There is no key.", "category": "model", "remedy": "Set one.", "retryable": false}'
    with pytest.raises(EmbeddingRefused, match="There is no key") as caught:
        asked(answer)
    assert (caught.value.category, caught.value.remedy) == (Category.MODEL, "Set one.")


def test_a_function_that_fails_is_the_platforms_fault() -> None:
    with pytest.raises(PlatformUnavailable):
        asked('{"errorMessage": "out of memory"}', FunctionError="Unhandled")
