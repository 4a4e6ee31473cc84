"""Decisions by one-time links: the setting, the page behind a link, and that a link counts once and tells nobody else
anything."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from stepcrew.domain.approval import Approval, ApprovalKind, Decision, DecisionKind
from stepcrew.domain.decision_link import signed_links
from stepcrew.domain.execution import Limits, Usage
from tests.aws_table import GROUP, ID, NOW
from tests.unit.api.harness import BOB, MIA, VERA, Harness
from tests.waiting import park, question, running

APPROVE, REJECT = DecisionKind.APPROVE, DecisionKind.REJECT
MAIL = "mia@example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def links(harness: Harness) -> Harness:
    answer = harness.client().put("/decision-links", json={"enabled": True})
    assert (answer.status_code, answer.json()["enabled"]) == (200, True)
    return harness


def asked(links: Harness, **changes: Any) -> Approval:
    asks = question(**changes)
    park(links.aws, running(links.aws, asks.execution_id), asks)
    return asks


def link(links: Harness, approval: Approval, decision: DecisionKind = APPROVE, sent_to: str = MAIL) -> str:
    keys = links.link_keys.link_keys(GROUP)
    assert keys
    return signed_links(approval, sent_to, keys, NOW)[decision]


def look(links: Harness, text: str) -> Any:
    return links.client({}).get("/decide", params={"link": text})


def press(links: Harness, page: Any, **fields: str) -> Any:
    """As a browser sends the form of the page."""
    found = re.search(r'name="link" value="([^"]*)"', page.text)
    assert found, page.text
    return links.client({}).post("/decide", data={"link": unescape(found[1]), "comment": "", **fields})


def decision(links: Harness) -> Decision | None:
    [approval] = links.aws.approvals.approvals(GROUP, ID)
    return approval.decision


def test_links_are_off_until_an_admin_allows_them(harness: Harness) -> None:
    admin = harness.client()
    assert admin.get("/decision-links").json() == {"enabled": False, "days": 3, "keys": []}
    assert admin.post("/decision-links/rotate").status_code == 409
    for caller in (MIA, VERA):
        assert harness.client(caller).put("/decision-links", json={"enabled": True}).status_code == 403
        assert harness.client(caller).post("/decision-links/rotate").status_code == 403
    on = admin.put("/decision-links", json={"enabled": True, "days": 7}).json()
    assert (on["enabled"], on["days"], len(on["keys"])) == (True, 7, 1)
    assert "secret" not in on["keys"][0]
    assert harness.client(VERA).get("/decision-links").json() == on
    assert harness.client(BOB).get("/decision-links").json()["enabled"] is False
    again = admin.put("/decision-links", json={"enabled": True, "days": 1}).json()
    assert (again["days"], again["keys"]) == (1, on["keys"])
    rotated = admin.post("/decision-links/rotate").json()
    assert [key["key_id"] for key in rotated["keys"]][1:] == [on["keys"][0]["key_id"]]
    assert len(admin.post("/decision-links/rotate", params={"revoke": True}).json()["keys"]) == 1
    for wrong in ({}, {"enabled": 1}, {"enabled": True, "days": 0}, {"enabled": True, "hours": 1}):
        assert admin.put("/decision-links", json=wrong).status_code == 422


def test_opening_a_link_shows_the_question_and_decides_nothing(links: Harness) -> None:
    approval = asked(links, question="Is <b>this</b> fine?", output='Rain & "sun".</pre><script>')
    page = look(links, link(links, approval))
    assert page.status_code == 200
    assert "Is &lt;b&gt;this&lt;/b&gt; fine?" in page.text
    assert "Rain &amp; &quot;sun&quot;.&lt;/pre&gt;&lt;script&gt;" in page.text
    assert f"link sent to {MAIL}" in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert {"form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    for _ in range(3):  # scanners open every link
        look(links, link(links, approval, REJECT))
    assert decision(links) is None
    assert links.client({}).head("/decide", params={"link": link(links, approval)}).status_code == 405
    assert decision(links) is None


def test_the_button_decides_once_in_the_name_of_the_one_it_was_sent_to(links: Harness) -> None:
    approval = asked(links)
    page = look(links, link(links, approval))
    first = press(links, page, comment="  Fine. ")
    assert (first.status_code, "Your decision counts: approved" in first.text) == (200, True)
    taken = decision(links)
    assert taken
    assert (taken.kind, taken.decided_by, taken.comment) == (APPROVE, f"link sent to {MAIL}", "Fine.")
    [entry, *_] = links.client().get("/audit").json()["entries"]
    assert (entry["who"], entry["action"], entry["target"]) == (f"link sent to {MAIL}", "approvals.feedback", ID)
    again = press(links, page, comment="Something else")
    assert (again.status_code, "Your decision counts: approved" in again.text) == (200, True)
    other = look(links, link(links, approval, REJECT))
    assert (other.status_code, f"approved by link sent to {MAIL}" in other.text, "<form" in other.text) == (
        *(409, True, False),
    )
    pressed = press(links, page, link=link(links, approval, REJECT))
    assert pressed.status_code == 409
    assert decision(links) == taken


def test_what_somebody_else_decided_before_stays(links: Harness) -> None:
    approval = asked(links)
    page = look(links, link(links, approval, REJECT))
    feedback = links.client(MIA).post(f"/executions/{ID}/feedback", json={"decision": "approve"})
    assert feedback.status_code == 202
    late = press(links, page)
    assert (late.status_code, "approved by mia" in late.text) == (409, True)


def test_a_link_of_a_cancelled_execution_says_so(links: Harness) -> None:
    approval = asked(links)
    page = look(links, link(links, approval))
    assert links.client(MIA).post(f"/executions/{ID}/cancel").status_code == 202
    for answer in (look(links, link(links, approval)), press(links, page)):
        assert (answer.status_code, "cancelled or has ended" in answer.text) == (410, True)
    assert decision(links) is None


def test_a_link_that_expired_says_so_and_decides_nothing(links: Harness) -> None:
    approval = asked(links)
    page = look(links, link(links, approval))
    links.link_clock.advance(days=3)
    for answer in (look(links, link(links, approval)), press(links, page)):
        assert (answer.status_code, "expired" in answer.text) == (410, True)
    assert decision(links) is None


def test_a_limit_that_may_not_be_raised_is_told_on_the_page(links: Harness) -> None:
    links.limits.cap(max_tokens=110)
    approval = question(kind=ApprovalKind.BUDGET, limit="max_tokens", output="")
    held = running(links.aws, limits=Limits(max_tokens=100, on_budget="ask"))
    park(links.aws, held, approval, usage=Usage(total_tokens=120))
    answer = press(links, look(links, link(links, approval)))
    assert (answer.status_code, "Decide in the console" in answer.text) == (422, True)
    assert decision(links) is None


def test_deciders_are_kept_to(links: Harness) -> None:
    approval = asked(links, deciders=["boss@example.com"])
    for sent_to in (MAIL, "webhook ops"):  # none is sent, and none would count
        page = look(links, link(links, approval, sent_to=sent_to))
        assert press(links, page).status_code == 404
    assert press(links, look(links, link(links, approval, sent_to="boss@example.com"))).status_code == 200


def test_everything_that_is_no_link_of_the_group_gets_the_same_answer(links: Harness) -> None:
    approval = asked(links)
    good = link(links, approval)
    keys = links.link_keys.link_keys(GROUP)
    assert keys
    never = approval.model_copy(update={"execution_id": "01936a3c-0000-7000-8000-0000000000ff"})
    foreign = approval.model_copy(update={"group_id": "other"})
    wrong = [
        "",
        "nonsense",
        good[:-2],
        good.partition(".")[0],
        link(links, never),
        link(links, approval.model_copy(update={"number": 2})),
        *signed_links(foreign, MAIL, keys, NOW).values(),
    ]
    answers = {(answer.status_code, answer.text) for text in wrong for answer in _both(links, text)}
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404
    links.client().put("/decision-links", json={"enabled": False})
    assert {(answer.status_code, answer.text) for answer in _both(links, good)} == answers
    links.client().put("/decision-links", json={"enabled": True})
    assert {(answer.status_code, answer.text) for answer in _both(links, good)} == answers, "with another key"
    assert decision(links) is None


def _both(links: Harness, text: str) -> list[Any]:
    return [look(links, text), links.client({}).post("/decide", data={"link": text})]


def test_a_form_that_is_none_is_refused(links: Harness) -> None:
    client = links.client({})
    assert client.post("/decide", content=b"a&" * 20, headers=FORM).status_code == 404
    assert client.post("/decide", content=b"\xff\xfe", headers=FORM).status_code == 404
    assert client.post("/decide", content=b"x" * 40_000, headers=FORM).status_code == 413
    assert client.post("/decide", json={"link": "x"}).status_code == 404


def test_links_outlive_a_rotation_and_no_revocation(links: Harness) -> None:
    approval = asked(links)
    sent = link(links, approval)
    links.client().post("/decision-links/rotate")
    assert look(links, sent).status_code == 200
    links.client().post("/decision-links/rotate", params={"revoke": True})
    assert look(links, sent).status_code == 404
    assert decision(links) is None
    links.link_clock.advance(seconds=timedelta(days=2).total_seconds())
    assert look(links, link(links, approval)).status_code == 200
