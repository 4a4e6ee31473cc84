"""Names of the functions of projects."""

from __future__ import annotations

import pytest

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.project import function_marker, function_name

MOST = 64


@pytest.mark.parametrize("platform", ["stepcrew", "stepcrew-production-eu", "p" * 31, "p" * 32])
@pytest.mark.parametrize("name", ["report", "a-very-long-name-of-a-crew.v2", "...", "Ü" * 50])
def test_a_function_has_a_name_that_aws_takes_however_the_stack_is_called(platform: str, name: str) -> None:
    whole = f"{platform}{function_marker('demo')}{function_name(name, platform)}"
    assert len(whole) <= MOST
    assert not whole.endswith("-")
    assert function_name(name, platform) != function_name(f"{name}2", platform)


def test_of_a_platform_whose_functions_had_room_before_names_stay() -> None:
    assert function_name("report", "stepcrew") == "report-845e91"
    assert function_name("a-very-long-name-of-a-crew", "stepcrew") == "a-very-long-n-d0b80d"


def test_a_stack_whose_name_leaves_no_room_is_told() -> None:
    with pytest.raises(InvalidRequest, match="so long a name"):
        function_name("report", "p" * 33)
