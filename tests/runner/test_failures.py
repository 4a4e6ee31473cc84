from __future__ import annotations

import pytest

from stepcrew.domain.errors import Category, PlatformUnavailable
from stepcrew_runner.crew.failures import explain, model_failure
from stepcrew_runner.isolation.addresses import PrivateAddress


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "OpenAI API call failed: Error code: 401 - {'error': {'message': 'Incorrect API key provided'}}",
            "ModelAuthentication",
        ),
        ("Error code: 403 - forbidden", "ModelAuthentication"),
        ("Bedrock: AccessDeniedException: you may not", "ModelAuthentication"),
        ("Error code: 429 - Rate limit reached", "ModelRateLimit"),
        ("AWS Bedrock ThrottlingException", "ModelRateLimit"),
        ("Model gpt-9 not found: Error code: 404", "ModelNotFound"),
        ("This model's maximum context length is 8192 tokens", "ContextTooLong"),
        ("Error code: 503 - overloaded", "ModelUnavailable"),
        ("Failed to connect to OpenAI API: Request timed out.", "ModelUnavailable"),
        ("Error code: 400 - bad parameter", "ModelRefusedRequest"),
    ],
)
def test_what_a_model_provider_says_is_recognised(text: str, kind: str) -> None:
    found = model_failure(None, text, "write")
    assert found is not None
    assert found.type == kind
    assert found.category in (Category.MODEL, Category.MODEL_RATE_LIMIT)
    assert found.retryable is (kind in ("ModelRateLimit", "ModelUnavailable"))
    assert "in crew task write" in found.message
    assert found.remedy
    assert explain(RuntimeError(text), "write") == found


def test_an_agents_own_error_is_not_the_models() -> None:
    assert model_failure(None, "Invalid response from LLM call - None or empty.", None) is None
    assert model_failure(None, "the guardrail said no", None) is None


def test_the_cause_is_found_in_the_chain() -> None:
    error = RuntimeError("Connection error.")
    error.__cause__ = PrivateAddress("The address 10.0.0.1 is inside the platform.")
    assert explain(error, None).type == "PrivateAddress"


def test_our_own_errors_speak_for_themselves() -> None:
    found = explain(PlatformUnavailable("The table did not answer."), None)
    assert (found.category, found.message, found.retryable) == (Category.PLATFORM, "The table did not answer.", True)


def test_a_missing_module_is_no_missing_model() -> None:
    found = explain(ModuleNotFoundError("No module named 'x'"), None)
    assert (found.category, found.type) == (Category.CREW, "ModuleNotFoundError")


def test_a_message_is_one_sentence_of_a_bounded_length() -> None:
    found = explain(ValueError("line one\nline two " + "x" * 10_000), "t")
    assert "\n" not in found.message
    assert len(found.message) < 700


def test_an_agent_that_took_too_long_is_a_timeout_whatever_its_task_says() -> None:
    text = (
        "Task 'Write about Error code: 401' execution timed out after 9 seconds. Consider increasing max_execution_time"
    )
    found = explain(TimeoutError(text), "write")
    assert (found.category, found.type, found.retryable) == (Category.TIMEOUT, "MaxExecutionTime", False)
    assert "max_execution_time" in found.remedy
    assert model_failure(TimeoutError(text), text, "write") is None


def test_a_guardrail_that_refused_is_named() -> None:
    found = explain(ValueError("Task failed guardrail validation after 3 retries. Last error: too long"), None)
    assert (found.category, found.type) == (Category.GUARDRAIL, "GuardrailNotPassed")


def test_a_variable_that_a_project_reads_is_told_with_how_to_set_it() -> None:
    variables = ["TEAM", "SHOP_API_KEY"]
    found = explain(ValueError("SHOP_API_KEY is required"), "buy", variables=variables)
    assert "stepcrew secrets set SHOP_API_KEY" in found.remedy
    assert explain(KeyError("TEAM"), None, variables=variables).remedy.endswith("secrets set TEAM")
    assert "secrets" not in explain(ValueError("No TEAMS."), None, variables=variables).remedy
