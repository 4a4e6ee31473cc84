"""What a cause starts, and where it is seen when it starts nothing."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from tests.aws_table import GROUP, emulated_aws
from tests.unit.services.triggering import Harness

from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.errors import (
    CrewNotFound,
    InvalidRequest,
    PlatformUnavailable,
    QuotaUsedUp,
    StepcrewError,
    TriggerNotFound,
)
from stepcrew.domain.knowledge_requests import ReadFile
from stepcrew.domain.trace_context import passed_on
from stepcrew.domain.trigger import REQUESTS, Cause, Firing, FiringStatus, Trigger, TriggerSpec


@pytest.fixture
def triggers() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def test_an_object_starts_the_crew_of_the_trigger_it_matches(triggers: Harness) -> None:
    triggers.trigger(object={"prefix": "orders/", "suffix": ".pdf"}, inputs={"topic": "${name} of ${size} bytes"})
    triggers.trigger("other", object={"prefix": "invoices/"})
    (firing,) = triggers.put(f"{GROUP}/orders/a.pdf", "x")
    assert firing.status is FiringStatus.STARTED
    record = triggers.execution(firing)
    assert (record.source, record.triggered_by, record.submitted_by) == ("object", ["t"], "ada@example.com")
    assert triggers.inputs(firing) == {"topic": "a.pdf of 1 bytes"}
    assert record.crew
    assert record.crew.name == "haiku"


def test_the_same_object_delivered_again_starts_nothing_and_a_new_version_does(triggers: Harness) -> None:
    triggers.trigger(object={})
    first, again = triggers.put(f"{GROUP}/a", "x"), triggers.put(f"{GROUP}/a", "x")
    assert first == again
    assert triggers.put(f"{GROUP}/a", "y", version="2") != first
    assert len(triggers.orchestrator.started) == 2


@pytest.mark.parametrize(
    ("contents", "key", "body", "topic", "seen"),
    [
        ("text", "a.txt", "rain", "${text}", "rain"),
        ("json", "a.json", '{"order": {"id": 7}}', "${$.json.order.id}", 7),
        ("json", "a.json", '{"order": {"id": 7}}', "order ${json.order.id}: ${json.order}", 'order 7: {"id": 7}'),
    ],
)
def test_small_contents_are_mapped_to_inputs(
    triggers: Harness, contents: str, key: str, body: str, topic: str, seen: object
) -> None:
    triggers.trigger(object={"contents": contents}, inputs={"topic": topic})
    (firing,) = triggers.put(f"{GROUP}/{key}", body)
    assert triggers.inputs(firing) == {"topic": seen}


def test_an_object_becomes_a_file_of_its_group_and_an_input(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "file"}, inputs={"topic": "${file}"})
    (firing,) = triggers.put(f"{GROUP}/orders/a.txt", "rain")
    assert triggers.inputs(firing) == {"topic": {"file": "a.txt"}}
    kept = triggers.files.file(GROUP, "a.txt")
    assert kept
    assert (kept.uploaded_by, triggers.files.read(GROUP, kept)) == ("ada@example.com", b"rain")
    assert triggers.worker.asked == [ReadFile(group_id=GROUP, name="a.txt", sha256=kept.sha256)]
    triggers.put(f"{GROUP}/orders/a.txt", "rain")
    assert len(triggers.worker.asked) == len(triggers.orchestrator.started) == 1


@pytest.mark.parametrize(("name", "told"), [("a.exe", "cannot be read here"), ("a\t.txt", "harmless name")])
def test_an_object_that_can_be_no_file_is_a_failed_firing(triggers: Harness, name: str, told: str) -> None:
    triggers.trigger(object={"contents": "file"}, inputs={"topic": "${file}"})
    (firing,) = triggers.put(f"{GROUP}/{name}", "rain")
    assert firing.status is FiringStatus.FAILED
    assert told in firing.reason


@pytest.mark.parametrize(
    ("key", "body"), [("a.csv", "name,age\nAda,36\nBob,40\n"), ("a.jsonl", '{"name": "Ada"}\n\n{"name": "Bob"}\n')]
)
def test_each_row_starts_an_execution_of_its_own_once(triggers: Harness, key: str, body: str) -> None:
    triggers.trigger(object={"contents": "rows"}, inputs={"topic": "${row.name} in row ${row_number}"})
    (firing,) = triggers.put(f"{GROUP}/{key}", body)
    assert [triggers.inputs(firing, number)["topic"] for number in (0, 1)] == ["Ada in row 1", "Bob in row 2"]
    assert (firing.started, firing.failed) == (2, 0)
    triggers.put(f"{GROUP}/{key}", body)
    assert len(triggers.orchestrator.started) == 2


def test_a_row_that_lacks_a_value_is_told_and_does_not_stop_the_others(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "rows"}, inputs={"topic": "${row.name}"})
    (firing,) = triggers.put(f"{GROUP}/a.jsonl", '{"name": "Ada"}\n{}\n{"name": "Bob"}\n')
    assert (firing.status, firing.started, firing.failed) == (FiringStatus.STARTED, 2, 1)
    assert "row.name" in firing.reason


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("new/a.json", '{"crew": "haiku", "inputs": {"topic": "rain"}}'),
        ("new/a.yaml", "crew: haiku\ninputs:\n  topic: rain\n"),
    ],
)
def test_an_object_that_no_trigger_matches_may_be_a_request_itself(triggers: Harness, key: str, body: str) -> None:
    (firing,) = triggers.put(f"{GROUP}/{key}", body)
    assert (firing.trigger, firing.status) == (REQUESTS, FiringStatus.STARTED)
    assert triggers.inputs(firing) == {"topic": "rain"}
    assert triggers.put(f"{GROUP}/{key}", body) == [firing]
    assert len(triggers.orchestrator.started) == 1


@pytest.mark.parametrize(
    ("key", "body", "reason"),
    [
        ("a.json", "{", "no JSON"),
        ("a.json", "[]", "must be an object"),
        ("a.json", '{"inputs": {}}', "either config or crew"),
        ("a.json", '{"crew": "haiku", "group_id": "other"}', "/group_id"),
        ("a.json", '{"crew": "nobody", "inputs": {"topic": "x"}}', "no crew 'nobody'"),
        ("a.yaml", "crew: [", ""),
        ("a.json", b"\xff\xfe\x00", "no UTF-8"),
    ],
)
def test_a_bad_request_object_ends_in_a_failed_firing_with_the_reason(
    triggers: Harness, key: str, body: str | bytes, reason: str
) -> None:
    (firing,) = triggers.put(f"{GROUP}/{key}", body)
    assert firing.status is FiringStatus.FAILED
    assert reason in firing.reason
    assert triggers.store.firings(GROUP, REQUESTS, before=None, limit=5) == [firing]


def test_objects_outside_the_group_of_a_trigger_never_fire_it(triggers: Harness) -> None:
    triggers.trigger(object={})
    for key in ("other/a", "a", "/a", f"{GROUP}", f"{GROUP}/", f"{GROUP}*/a", f"{GROUP}/folder/"):
        assert triggers.put(key, "x") == []


def test_rows_of_batches_make_no_trigger_fire(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "none"})
    assert triggers.put("demo/batches/june.csv", "topic\nrain\n") == []
    assert triggers.put("demo/batches/request.json", "{}") == []
    assert len(triggers.put("demo/other.csv", "x")) == 1


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"enabled": False}, "paused"),
        ({"inputs": {"topic": "${missing.thing}"}}, "missing.thing"),
        ({"object": {"contents": "json"}}, "JSON"),
    ],
)
def test_a_trigger_that_cannot_start_its_crew_says_why(triggers: Harness, spec: dict[str, Any], reason: str) -> None:
    given: dict[str, Any] = {"object": {}, **spec}
    triggers.trigger(**given)
    (firing,) = triggers.put(f"{GROUP}/a.txt", "x")
    assert firing.status is not FiringStatus.STARTED
    assert reason in f"{firing.reason} {firing.faults}"
    assert triggers.orchestrator.started == []


def test_a_firing_whose_crew_was_deleted_fails_and_fires_again_once_the_crew_is_back(triggers: Harness) -> None:
    trigger = triggers.trigger(object={})
    triggers.delete_crew()
    (failed,) = triggers.put(f"{GROUP}/a", "x")
    assert "no crew 'haiku'" in failed.reason
    triggers.store_crew()
    assert triggers.put(f"{GROUP}/a", "x") == [failed], "a redelivery alone fires nothing again"
    cause = triggers.store.cause(GROUP, "t", failed.firing_id)
    assert cause
    fired = triggers.fire(GROUP, trigger, cause, again=True).firing
    assert (fired.firing_id, fired.status) == (failed.firing_id, FiringStatus.STARTED)
    assert triggers.fire(GROUP, trigger, cause, again=True).repeated


def test_what_made_a_trigger_fire_is_kept_however_large(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "text"}, inputs={"topic": "${missing}"})
    (firing,) = triggers.put(f"{GROUP}/a.txt", "x" * 300_000)
    cause = triggers.store.cause(GROUP, "t", firing.firing_id)
    assert cause
    assert len(cause.document["text"]) == 300_000


def test_a_fault_of_the_platform_is_raised_so_that_the_delivery_is_repeated(
    triggers: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    triggers.trigger(object={})

    def down(*_: object) -> None:
        raise PlatformUnavailable("The table is away.")

    with monkeypatch.context() as patched:
        patched.setattr(triggers.aws.executions, "create", down)
        for _ in range(2):
            with pytest.raises(PlatformUnavailable):
                triggers.put(f"{GROUP}/a", "x")
            [waits] = triggers.store.firings(GROUP, "t", before=None, limit=9)
            told = (waits.status, waits.reason, waits.turn)
            assert told == (FiringStatus.DEFERRED, "The table is away.", 1), "it can be seen meanwhile"
    (firing,) = triggers.put(f"{GROUP}/a", "x")
    assert (firing.status, firing.reason, firing.started) == (FiringStatus.STARTED, "", 1)


def test_a_turn_that_the_platform_refuses_is_repeated(triggers: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    triggers.trigger(object={})
    triggers.room(0)
    (deferred,) = triggers.put(f"{GROUP}/a", "x")
    triggers.room(5)
    waiting = triggers.queue.waiting[0]

    def down(*_: object) -> None:
        raise PlatformUnavailable("The table is away.")

    with monkeypatch.context() as patched:
        patched.setattr(triggers.aws.executions, "create", down)
        with pytest.raises(PlatformUnavailable):
            triggers.go_on()
    triggers.queue.waiting.insert(0, waiting)  # the queue brings it again
    assert deferred.status is FiringStatus.DEFERRED
    assert triggers.go_on().status is FiringStatus.STARTED


def test_what_is_fired_again_in_vain_keeps_its_reason(triggers: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = triggers.trigger(object={})
    triggers.delete_crew()
    (failed,) = triggers.put(f"{GROUP}/a", "x")

    def down(*_: object) -> None:
        raise PlatformUnavailable("The table is away.")

    triggers.store_crew()
    monkeypatch.setattr(triggers.aws.executions, "create", down)
    with pytest.raises(PlatformUnavailable):
        triggers.again(trigger, failed)
    assert triggers.store.firing(GROUP, "t", failed.firing_id) == failed


def test_an_event_fills_the_inputs_and_is_known_again(triggers: Harness) -> None:
    triggers.trigger(event={"pattern": {"source": ["shop"]}}, inputs={"topic": "${$.detail.order}"})
    event = {"id": "e1", "source": "shop", "detail": {"order": "tea"}}
    first = triggers.take_event.event(GROUP, "t", event)
    assert first
    assert triggers.inputs(first) == {"topic": "tea"}
    assert triggers.execution(first).source == "event"
    assert triggers.take_event.event(GROUP, "t", event) == first
    assert triggers.take_event.event(GROUP, "gone", event) is None


def test_an_object_of_a_foreign_bucket_arrives_as_an_event_of_it(triggers: Harness) -> None:
    """As S3 tells EventBridge. Source: "Event message structure", Amazon S3 user guide."""
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["orders"]}}}
    triggers.trigger(event={"pattern": pattern}, inputs={"topic": "${detail.bucket.name}/${detail.object.key}"})
    stored = {"bucket": {"name": "orders"}, "object": {"key": "june.csv", "size": 7, "version-id": "v1"}}
    event = {"id": "e1", "source": "aws.s3", "detail-type": "Object Created", "detail": stored}
    firing = triggers.take_event.event(GROUP, "t", event)
    assert firing
    assert triggers.inputs(firing) == {"topic": "orders/june.csv"}
    assert triggers.take_event.event(GROUP, "t", event) == firing


def test_a_crew_whose_end_starts_itself_is_cut_as_a_loop(triggers: Harness) -> None:
    for name in ("a", "b"):
        triggers.trigger(name, event={"pattern": {"source": ["stepcrew"]}}, inputs={"topic": "x"})

    def ended(number: int, firing: Firing) -> dict[str, Any]:
        told = announcement_of(triggers.execution(firing)).model_dump(mode="json")
        return {"id": f"e{number}", "source": "stepcrew", "detail": told}

    first = triggers.take_event.event(GROUP, "a", {"id": "e0", "source": "shop"})
    assert first
    second = triggers.take_event.event(GROUP, "b", ended(1, first))
    assert second
    assert triggers.execution(second).triggered_by == ["a", "b"]
    assert triggers.execution(second).traceparent == passed_on(triggers.execution(first))
    third = triggers.take_event.event(GROUP, "a", ended(2, second))
    assert third
    assert third.status is FiringStatus.FAILED
    assert "a → b → a" in third.reason


def test_a_schedule_starts_once_for_each_of_its_times(triggers: Harness) -> None:
    triggers.trigger(schedule={"expression": "rate(5 minutes)"}, inputs={"topic": "${time}"})
    times = ["2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]
    fired = [triggers.take_event.tick(GROUP, "t", time) for time in times]
    assert fired[0] == fired[1]
    assert len(triggers.orchestrator.started) == 2


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "exactly one"),
        ({"object": {}, "schedule": {"expression": "rate(1 hour)"}}, "exactly one"),
        ({"object": {}, "crew": "no name"}, "crew"),
        ({"schedule": {"expression": "every day"}}, "rate"),
        ({"schedule": {"expression": "rate(1 hour)", "time_zone": "Mars/Base"}}, "time zone"),
        ({"schedule": {"expression": "rate(1 hour)", "time_zone": "../etc"}}, "time zone"),
        ({"event": {"pattern": {}}}, "pattern"),
        ({"hook": {"signature": "hmac", "secret": {"secret": "HOOK_KEY"}}}, "header"),
        ({"hook": {"signature": "github", "secret": {"secret": "OPENAI_KEY"}}}, "HOOK_"),
        ({"object": {}, "surprise": 1}, "surprise"),
    ],
)
def test_a_trigger_that_means_nothing_is_refused(spec: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TriggerSpec.model_validate({"crew": "haiku", **spec})


@pytest.mark.parametrize("expression", ["a..b", "x" * 201, "[", "foo("])
def test_an_expression_that_cannot_be_read_is_refused_with_its_place(triggers: Harness, expression: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        triggers.trigger(object={}, inputs={"topic": ["${name}", {"x": f"${{{expression}}}"}]})
    assert caught.value.faults[0].pointer == "/inputs/topic/1/x"


@pytest.mark.parametrize("refusal", [InvalidRequest("no pattern"), QuotaUsedUp("too many rules")])
def test_what_aws_refuses_is_not_kept(triggers: Harness, refusal: StepcrewError) -> None:
    kept = triggers.trigger("kept", event={"pattern": {"source": ["shop"]}})

    def refuse(trigger: Trigger) -> None:
        if trigger.event and trigger.event.pattern == {"source": [{"no": "such"}]}:
            raise refusal

    triggers.sources.before_put = refuse
    for name in ("new", "kept"):
        with pytest.raises(type(refusal)):
            triggers.trigger(name, event={"pattern": {"source": [{"no": "such"}]}, "bus": "default"})
    assert triggers.store.triggers(GROUP) == [kept.model_copy(update={"revision": 3})]
    assert triggers.sources.there == {f"{GROUP}/kept": kept.model_copy(update={"revision": 3})}


def test_the_rule_is_that_of_the_last_who_stored_the_trigger(triggers: Harness) -> None:
    def meanwhile(_trigger: Trigger) -> None:
        triggers.sources.before_put = lambda _: None
        triggers.trigger(event={"pattern": {"source": ["theirs"]}})

    triggers.sources.before_put = meanwhile
    triggers.trigger(event={"pattern": {"source": ["ours"]}})
    assert triggers.sources.there == {f"{GROUP}/t": triggers.store.trigger(GROUP, "t")}
    (rule,) = triggers.sources.there.values()
    assert rule.event
    assert rule.event.pattern == {"source": ["theirs"]}


def test_a_trigger_that_is_deleted_while_it_is_stored_leaves_no_rule(triggers: Harness) -> None:
    triggers.sources.before_put = lambda trigger: triggers.keep.delete(GROUP, trigger.name)
    triggers.trigger(event={"pattern": {"source": ["shop"]}})
    assert triggers.sources.there == {}
    assert triggers.store.triggers(GROUP) == []


def test_only_crews_that_the_group_keeps_can_be_triggered(triggers: Harness) -> None:
    with pytest.raises(CrewNotFound):
        triggers.trigger(object={}, crew="nobody")
    with pytest.raises(CrewNotFound):
        triggers.trigger(object={}, crew="haiku@9")


def test_what_the_rule_of_an_earlier_kind_sent_starts_nothing(triggers: Harness) -> None:
    triggers.trigger(event={"pattern": {"source": ["shop"]}})
    triggers.trigger(schedule={"expression": "rate(1 hour)"}, inputs={"topic": "x"})
    assert triggers.take_event.event(GROUP, "t", {"id": "e1"}) is None
    assert triggers.take_event.tick(GROUP, "t", "2026-10-25T00:30:00Z")


def test_a_rule_that_moves_to_another_bus_is_removed_from_the_first(triggers: Harness) -> None:
    first = triggers.trigger(event={"pattern": {"source": ["shop"]}, "bus": "default"})
    triggers.trigger(event={"pattern": {"source": ["bank"]}, "bus": "default"})
    assert triggers.sources.removed == []
    triggers.trigger(event={"pattern": {"source": ["bank"]}, "bus": "shared"})
    assert [(one.name, one.event and one.event.bus) for one in triggers.sources.removed] == [(first.name, "default")]


def test_the_same_key_of_another_group_fires_only_that_groups_triggers(triggers: Harness) -> None:
    triggers.trigger(object={})
    assert triggers.put("other/a", "x") == []
    assert triggers.put("../demo/a", "x") == []
    assert triggers.put("a", "x") == []
    assert triggers.orchestrator.started == []


def test_storing_pausing_and_deleting_keep_the_rule_in_step(triggers: Harness) -> None:
    made = triggers.trigger(event={"pattern": {"source": ["shop"]}})
    changed = triggers.trigger(schedule={"expression": "rate(1 hour)"})
    assert (made.revision, changed.revision, changed.created_at) == (1, 2, made.created_at)
    paused = triggers.keep.pause(GROUP, "t", "bob", enabled=False)
    assert paused
    assert (paused.enabled, paused.revision, paused.made_by) == (False, 3, "bob")
    assert triggers.sources.there[f"{GROUP}/t"] == paused
    assert triggers.store.triggers(GROUP) == [paused]
    triggers.keep.delete(GROUP, "t")
    triggers.keep.delete(GROUP, "t")
    assert (triggers.sources.there, triggers.store.triggers(GROUP)) == ({}, [])
    with pytest.raises(TriggerNotFound):
        triggers.keep.pause(GROUP, "t", "bob", enabled=True)


def test_firings_are_listed_newest_first_page_by_page(triggers: Harness) -> None:
    trigger = triggers.trigger(object={}, enabled=False)
    for number in range(5):
        triggers.fire(GROUP, trigger, Cause(key=str(number), document={}))
    page = triggers.store.firings(GROUP, "t", before=None, limit=3)
    rest = triggers.store.firings(GROUP, "t", before=page[-1].place, limit=3)
    places = [firing.place for firing in page + rest]
    assert len(places) == 5
    assert places == sorted(places, reverse=True)
