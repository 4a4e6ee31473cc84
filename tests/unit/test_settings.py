from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from stepcrew.domain.execution import GroupLimits
from stepcrew.settings import ProviderSettings, Settings, provider_settings, settings, take


def given(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return settings.__wrapped__()


def test_limits_come_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    found = given(monkeypatch, DEFAULT_LIMITS="{}", LIMIT_CEILINGS='{"max_tokens": 5, "max_cost_usd": 0.1}')
    assert found.default_limits == GroupLimits()
    assert (found.limit_ceilings.max_tokens, found.limit_ceilings.max_cost_usd) == (5, Decimal("0.1"))


@pytest.mark.parametrize("text", ["{", "[]", '{"max_token": 5}', '{"max_tokens": 0}', '{"max_tokens": "5"}'])
def test_limits_that_cannot_be_kept_stop_the_start(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(ValidationError):
        given(monkeypatch, LIMIT_CEILINGS=text)


def test_providers_settings_are_those_of_the_environment_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ProviderSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    assert provider_settings() == ProviderSettings()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://models.example")
    found = provider_settings()
    assert (found.keys, found.endpoints) == ({"OPENAI_API_KEY": "sk-1"}, ["http://models.example"])


@pytest.mark.parametrize(
    ("function", "endpoint", "calls_aws"), [("runner", "", True), ("runner", "http://emulator", False), ("", "", False)]
)
def test_only_a_deployed_function_calls_bedrock_itself(
    monkeypatch: pytest.MonkeyPatch, function: str, endpoint: str, calls_aws: bool
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert provider_settings().calls_bedrock_itself is calls_aws


def test_what_is_taken_is_not_in_the_environment_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST", "1")
    assert take("FIRST", "SECOND") == ["1", ""]
    assert take("FIRST") == [""]
