"""Which models the local stack offers: the operator's provider keys, or the embedded demo model.

Keys come from the environment or the `.env` file at the root of the checkout, and reach the runner only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import httpx

from stepcrew_local.errors import StackError
from stepcrew_local.model_name import EMBEDDER_NAME, MODEL_NAME, PATH_PREFIX

EXTERNAL_MODEL_VARIABLE = "STEPCREW_MODEL_URL"
"""An OpenAI-compatible server to use instead of everything else: Ollama, vLLM, LM Studio …"""
LISTING_SECONDS = 10
DEFAULT_MODEL_VARIABLE = "STEPCREW_DEFAULT_MODEL"
DEFAULT_EMBEDDER_VARIABLE = "STEPCREW_DEFAULT_EMBEDDER"
"""An embedding model of the operator's providers, in place of the one on this machine."""

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "bedrock": "AWS_BEARER_TOKEN_BEDROCK"}
FIRST_CHOICES = {
    "openai": "openai/gpt-4.1-mini",
    "anthropic": "anthropic/claude-haiku-4-5",
    "bedrock": "bedrock/us.amazon.nova-lite-v1:0",
}
NO_KEY = "no-key-is-needed"
"""In place of a key for a server that wants none. Keys are masked wherever they stand, so it is no word of any text."""
HANDED_TO_THE_RUNNER = (
    *KEYS.values(),
    *("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID"),
    *("ANTHROPIC_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
)
BEDROCK_ENDPOINT = "https://bedrock-runtime.{region}.amazonaws.com"


@dataclass(frozen=True)
class ModelChoice:
    """What crews may use. `description` says it to the user; the variables are the runner's environment."""

    default_model: str
    allowed_models: str
    variables: Mapping[str, str]
    description: str
    is_embedded: bool = False
    default_embedder: str = ""
    """Empty when none is named: the one on this machine takes its place."""


def external_model(url: str, name: str = MODEL_NAME) -> ModelChoice:
    """An OpenAI-compatible server at the URL, under any model name."""
    variables = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": NO_KEY}
    embedder = "openai/text-embedding-3-small"  # the server answers for whatever name
    return ModelChoice(f"openai/{name}", "*", variables, f"the server at {url}", default_embedder=embedder)


def first_model(url: str) -> str:
    """The first that the server lists (`GET /models`, as OpenAI's). Raises `StackError` when it lists none."""
    address = f"{url.rstrip('/')}/models"
    try:
        answer = httpx.get(address, timeout=LISTING_SECONDS, trust_env=False).raise_for_status()
        return str(answer.json()["data"][0]["id"])
    except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
        remedy = (
            f"Start it and load a model, or correct {EXTERNAL_MODEL_VARIABLE}; {DEFAULT_MODEL_VARIABLE} names a model."
        )
        raise StackError(f"No model is listed at {address} ({type(error).__name__}).", remedy) from error


def embedded_model(port: int, key: str) -> ModelChoice:
    """The demo model that the stack starts on the port; its server answers only who has the key."""
    name = f"openai/{MODEL_NAME}"
    variables = {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}{PATH_PREFIX}/v1", "OPENAI_API_KEY": key}
    description = f"{MODEL_NAME}, a small demo model on this machine; set OPENAI_API_KEY for a real one"
    return ModelChoice(name, name, variables, description, is_embedded=True)


def with_local_embedder(model: ModelChoice, port: int, key: str) -> ModelChoice:
    """The same, with the embedding model that the stack starts on the port."""
    url = f"http://127.0.0.1:{port}{PATH_PREFIX}/v1"
    variables = {**model.variables, "EMBEDDINGS_BASE_URL": url, "EMBEDDINGS_API_KEY": key}
    return replace(model, variables=variables, default_embedder=f"openai/{EMBEDDER_NAME}")


def configured_model(environment: Mapping[str, str]) -> ModelChoice | None:
    """What the operator's environment offers, or None when it has no provider key."""
    if url := environment.get(EXTERNAL_MODEL_VARIABLE):
        named = environment.get(DEFAULT_MODEL_VARIABLE, "").removeprefix("openai/") or first_model(url)
        return replace(external_model(url, named), default_embedder=environment.get(DEFAULT_EMBEDDER_VARIABLE, ""))
    variables = {name: environment[name] for name in HANDED_TO_THE_RUNNER if environment.get(name)}
    if "OPENAI_BASE_URL" in variables:
        variables.setdefault("OPENAI_API_KEY", NO_KEY)  # a server of one's own may want none
    providers = [provider for provider, key in KEYS.items() if key in variables]
    if not providers:
        return None
    if "bedrock" in providers:
        # Everything else of AWS is the emulator; the models are real.
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
        variables["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] = BEDROCK_ENDPOINT.format(region=region)
    default = environment.get(DEFAULT_MODEL_VARIABLE) or FIRST_CHOICES[providers[0]]
    allowed = ",".join(f"{provider}/*" for provider in providers)
    description = f"{default} (your key for {', '.join(providers)})"
    embedder = environment.get(DEFAULT_EMBEDDER_VARIABLE, "")
    return ModelChoice(default, allowed, variables, description, default_embedder=embedder)
