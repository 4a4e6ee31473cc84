"""Ten thousand events in the timeline: only what can be seen is in the page, however far somebody scrolls. How long a
frame takes is a benchmark."""

from __future__ import annotations

import pytest

from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.fling import EVENTS, fling

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("zoomed", [False, True], ids=["whole", "zoomed"])
def test_ten_thousand_events_scroll_with_few_lines_in_the_page(recording: Recordings, zoomed: bool) -> None:
    page, _ = recording(stories.many(events=EVENTS))
    lines = page.get_by_role("treeitem")
    told = fling(page, zoomed=zoomed)
    assert told["top"] > 50_000
    assert lines.count() < 200
    assert page.locator("main *").count() < 4_000
