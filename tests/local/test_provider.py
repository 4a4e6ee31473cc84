"""Which model the stack offers, from what the operator has set."""

from __future__ import annotations

import pytest

from scripted_model import scripted_model
from stepcrew_local.errors import StackError
from stepcrew_local.provider import configured_model, embedded_model, with_local_embedder


def test_without_any_key_there_is_no_configured_model() -> None:
    assert configured_model({"PATH": "/bin", "OPENAI_API_KEY": ""}) is None


@pytest.mark.parametrize(
    ("key", "provider"),
    [("OPENAI_API_KEY", "openai"), ("ANTHROPIC_API_KEY", "anthropic"), ("AWS_BEARER_TOKEN_BEDROCK", "bedrock")],
)
def test_a_key_allows_its_providers_models_and_reaches_the_runner(key: str, provider: str) -> None:
    model = configured_model({key: "secret", "UNRELATED": "x"})

    assert model
    assert model.default_model.startswith(f"{provider}/")
    assert model.allowed_models == f"{provider}/*"
    assert model.variables[key] == "secret"
    assert "UNRELATED" not in model.variables
    assert "secret" not in model.description


def test_bedrock_is_the_real_one_in_the_operators_region() -> None:
    model = configured_model({"AWS_BEARER_TOKEN_BEDROCK": "k", "AWS_REGION": "eu-central-1"})

    assert model
    assert model.variables["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == "https://bedrock-runtime.eu-central-1.amazonaws.com"


def test_a_server_of_ones_own_needs_no_key() -> None:
    model = configured_model({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1", "STEPCREW_DEFAULT_MODEL": "openai/llama"})

    assert model
    assert model.default_model == "openai/llama"
    assert model.variables["OPENAI_API_KEY"]


def test_the_address_of_a_server_is_setting_enough_and_comes_before_every_key() -> None:
    with scripted_model() as server:
        model = configured_model({"OPENAI_API_KEY": "real", "STEPCREW_MODEL_URL": server.url})
        chosen = configured_model({"STEPCREW_MODEL_URL": server.url, "STEPCREW_DEFAULT_MODEL": "openai/llama"})

    assert model
    assert (model.default_model, model.allowed_models, model.default_embedder) == ("openai/scripted", "*", "")
    assert model.variables["OPENAI_API_KEY"] != "real"
    assert chosen
    assert chosen.default_model == "openai/llama"


def test_a_server_that_does_not_answer_is_told_at_once() -> None:
    with pytest.raises(StackError, match=r"No model is listed at http://127\.0\.0\.1:1/v1/models"):
        configured_model({"STEPCREW_MODEL_URL": "http://127.0.0.1:1/v1"})


def test_the_embedded_model_says_that_it_is_one_for_demonstration() -> None:
    model = embedded_model(8500, "key")

    assert model.is_embedded
    assert "demo model" in model.description
    assert "OPENAI_API_KEY" in model.description
    assert model.allowed_models == model.default_model


def test_the_embedding_model_on_this_machine_takes_the_place_of_none() -> None:
    model = configured_model({"ANTHROPIC_API_KEY": "k"})
    assert model
    assert model.default_embedder == ""
    here = with_local_embedder(model, 8600, "another key")
    assert here.default_embedder.startswith("openai/")
    assert here.variables["ANTHROPIC_API_KEY"] == "k"
    assert here.variables["EMBEDDINGS_BASE_URL"].startswith("http://127.0.0.1:8600/")
    assert here.variables["EMBEDDINGS_API_KEY"] == "another key"


def test_an_embedding_model_that_the_operator_names_is_used() -> None:
    named = "openai/text-embedding-3-small"
    model = configured_model({"OPENAI_API_KEY": "k", "STEPCREW_DEFAULT_EMBEDDER": named})
    assert model
    assert model.default_embedder == named
