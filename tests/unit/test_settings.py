from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from stepcrew.domain.execution import GroupLimits
from stepcrew.settings import Settings, settings


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
