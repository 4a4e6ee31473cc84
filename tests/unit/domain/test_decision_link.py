"""Links that decide: what is signed, with which key, and that nothing else is taken for one."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from tests.aws_table import GROUP, ID, NOW
from tests.waiting import question

from stepcrew.domain.approval import ApprovalKind, Decision, DecisionKind
from stepcrew.domain.decision_link import (
    MOST_DAYS,
    MOST_KEYS,
    LinkKey,
    LinkKeys,
    LinkNotValid,
    check_link,
    may_be_linked,
    read_link,
    signed_links,
)

APPROVE, REJECT = DecisionKind.APPROVE, DecisionKind.REJECT
WEBHOOK = "webhook ops"


def key(name: str) -> LinkKey:
    secret = base64.urlsafe_b64encode(name.encode().ljust(32, b"-")).decode().rstrip("=")
    return LinkKey(key_id=name, secret=secret, made_at=NOW)


KEYS = LinkKeys(days=3, keys=[key("first")])


def link(decision: DecisionKind = APPROVE, keys: LinkKeys = KEYS, group_id: str = GROUP) -> str:
    return signed_links(question().model_copy(update={"group_id": group_id}), WEBHOOK, keys, NOW)[decision]


def test_a_link_says_what_it_decides_until_when_and_to_whom_it_was_sent() -> None:
    said = check_link(link(REJECT), KEYS.keys, NOW)
    assert (said.group_id, said.approval_id, said.decision) == (GROUP, f"{ID}.1", REJECT)
    assert (said.expires_at, said.decided_by, said.email) == (
        NOW + timedelta(days=3),
        "link sent to webhook ops",
        None,
    )
    assert link(REJECT) == link(REJECT), "made again, it is the same"


def test_a_link_ends_with_its_question() -> None:
    soon = question(expires_at=NOW + timedelta(hours=1))
    text = signed_links(soon, "ada@example.com", KEYS, NOW)[APPROVE]
    said = check_link(text, KEYS.keys, NOW)
    assert (said.expires_at, said.email) == (NOW + timedelta(hours=1), "ada@example.com")


def changed(text: str, **changes: object) -> str:
    said, _, digest = text.partition(".")
    fields = json.loads(base64.urlsafe_b64decode(said + "=="))
    again = base64.urlsafe_b64encode(json.dumps({**fields, **changes}).encode()).decode().rstrip("=")
    return f"{again}.{digest}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "not-a-link",
        "é.é",
        "e30.",
        link()[:-1],
        link() + "=",
        link() + ".",
        link().partition(".")[0],
        link().partition(".")[0] + "." + link(REJECT).partition(".")[2],
        changed(link(), decision="reject"),
        changed(link(), decision="revise"),
        changed(link(), group_id="other"),
        changed(link(), group_id="../other"),
        changed(link(), number=2),
        changed(link(), sent_to="boss@example.com"),
        changed(link(), expires_at="2099-01-01T00:00:00Z"),
        changed(link(), more=1),
        link(keys=LinkKeys(keys=[key("another")])),
        link(keys=LinkKeys(keys=[key("another").model_copy(update={"key_id": "first"})])),
        "a" * 2_000,
    ],
)
def test_whatever_was_not_signed_as_it_stands_is_refused_alike(text: str) -> None:
    with pytest.raises(LinkNotValid, match=r"^This link is not valid\.$"):
        check_link(text, KEYS.keys, NOW)


def test_a_group_without_keys_takes_no_link_not_even_one_signed_with_nothing() -> None:
    nothing = LinkKey(key_id="", secret=base64.urlsafe_b64encode(bytes(32)).decode().rstrip("="), made_at=NOW)
    for text in (link(), link(keys=LinkKeys(keys=[nothing]))):
        with pytest.raises(LinkNotValid):
            check_link(text, [], NOW)


def test_a_link_says_its_group_before_it_is_checked() -> None:
    assert read_link(link(group_id="research")).group_id == "research"


def test_rotated_earlier_links_are_good_until_the_last_of_them_expired_and_revoked_none_is() -> None:
    rotated = KEYS.rotated(key("second"), NOW, revoke=False)
    assert [one.key_id for one in rotated.keys] == ["second", "first"]
    assert check_link(link(), rotated.keys, NOW + timedelta(days=3)).key == "first"
    assert check_link(link(keys=rotated), rotated.keys, NOW).key == "second"
    with pytest.raises(LinkNotValid):
        check_link(link(), rotated.keys, NOW + timedelta(days=MOST_DAYS))
    with pytest.raises(LinkNotValid):
        check_link(link(), KEYS.rotated(key("second"), NOW, revoke=True).keys, NOW)


def test_only_so_many_keys_are_kept_and_those_that_are_over_are_not() -> None:
    kept = KEYS
    for number in range(MOST_KEYS + 2):
        kept = kept.rotated(key(f"k{number}"), NOW + timedelta(days=number), revoke=False)
    assert [one.key_id for one in kept.keys] == ["k6", "k5", "k4", "k3", "k2"]
    later = kept.rotated(key("late"), NOW + timedelta(days=MOST_DAYS + 5), revoke=False)
    assert [one.key_id for one in later.keys] == ["late", "k6", "k5"]
    assert len(later.model_dump_json()) < 4_096


def test_a_link_is_made_only_for_a_yes_or_no_and_for_somebody_who_may_decide() -> None:
    assert may_be_linked(question(), WEBHOOK)
    assert not may_be_linked(question(kind=ApprovalKind.INPUT), WEBHOOK)
    restricted = question(deciders=["boss@example.com"])
    assert not may_be_linked(restricted, WEBHOOK), "nobody knows who reads there"
    assert may_be_linked(restricted, "boss@example.com")
    assert not may_be_linked(restricted, "ada@example.com")
    decided = Decision(kind=APPROVE, decided_at=NOW)
    assert not may_be_linked(question(decision=decided), WEBHOOK)
    assert not may_be_linked(question(withdrawn_at=NOW), WEBHOOK)
