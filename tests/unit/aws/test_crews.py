from __future__ import annotations

import random
from datetime import timedelta

import pytest
from tests.aws_table import GROUP, NOW, TABLE, Aws, submission

from stepcrew.aws import keys
from stepcrew.aws.crews import TableCrews
from stepcrew.aws.items import item
from stepcrew.domain.errors import CrewNotFound, InvalidRequest
from stepcrew.domain.stored_crew import MOST_ALIASES, CrewAlias, StoredCrew
from stepcrew.services.delete_crew import delete_crew
from stepcrew.services.move_alias import move_alias
from stepcrew.services.read_crew import read_crew
from stepcrew.services.store_crew import roll_back, save_version


def save(aws: Aws, name: str, text: str = "Write.", group_id: str = GROUP) -> tuple[StoredCrew, bool]:
    return save_version(aws.crews, group_id, name, submission(text), saved_by="ada", now=NOW)


def names(aws: Aws, after: str | None = None, limit: int = 10) -> list[str]:
    return [crew.name for crew in aws.crews.crews(GROUP, after=after, limit=limit)]


def version_items(aws: Aws, name: str) -> int:
    answer = aws.clients.dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="PK = :key",
        ExpressionAttributeValues=item({":key": keys.crew_versions(GROUP, name)}),
    )
    return answer["Count"]


def test_every_change_is_a_version_that_stays_as_it_was(aws: Aws) -> None:
    first, made = save(aws, "poems", "Write about rain.")
    assert (first.version, first.tasks, first.agents, first.updated_by, made) == (1, 1, 1, "ada", True)
    second, _ = save_version(
        aws.crews, GROUP, "poems", submission("Write about snow."), saved_by=None, now=NOW + timedelta(hours=1)
    )
    assert (second.version, second.updated_by) == (2, None)
    assert read_crew(aws.crews, GROUP, "poems") == (second, submission("Write about snow."))
    assert read_crew(aws.crews, GROUP, "poems", 1) == (first, submission("Write about rain."))
    assert aws.crews.crews(GROUP, after=None, limit=10) == [second]


def test_what_equals_the_latest_version_makes_none(aws: Aws) -> None:
    first = save(aws, "poems", "One.")
    assert save(aws, "poems", "One.") == (first[0], False)
    save(aws, "poems", "Two.")
    back, made = save(aws, "poems", "One.")
    assert (back.version, made) == (3, True)


def test_who_loses_a_race_takes_the_next_version(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    save(aws, "poems", "One.")
    late, look, looks = TableCrews(aws.clients, TABLE), aws.clients.dynamodb.get_item, list[str]()

    def get_item(**request: object) -> object:
        answer = look(**request)  # pyright: ignore[reportArgumentType]
        looks.append("")
        if len(looks) == 1:
            save(aws, "poems", "Two, written between the look and the write.")
        return answer

    monkeypatch.setattr(aws.clients.dynamodb, "get_item", get_item)
    third, made = save_version(late, GROUP, "poems", submission("Three."), saved_by=None, now=NOW)
    assert (third.version, made) == (3, True)
    assert read_crew(late, GROUP, "poems", 2)[1] == submission("Two, written between the look and the write.")


def test_another_group_finds_nothing(aws: Aws) -> None:
    save(aws, "poems")
    save(aws, "poems", "Theirs.", group_id="other")
    assert read_crew(aws.crews, "other", "poems")[1] == submission("Theirs.")
    with pytest.raises(CrewNotFound):
        read_crew(aws.crews, "third", "poems")
    assert aws.crews.crews("third", after=None, limit=10) == []
    delete_crew(aws.crews, "other", "poems")
    assert names(aws) == ["poems"]


def test_the_list_is_by_name_and_goes_on_behind_a_name(aws: Aws) -> None:
    for name in ("b", "a-b", "a", "a.b", "a_b", "ab"):
        save(aws, name)
    everything = names(aws)
    assert everything == ["a", "a-b", "a.b", "a_b", "ab", "b"]
    assert names(aws, limit=2) == everything[:2]
    for place, name in enumerate(everything):
        assert names(aws, after=name) == everything[place + 1 :]


def test_a_deleted_crew_is_gone_and_its_numbers_are_never_given_again(aws: Aws) -> None:
    save(aws, "poems", "One.")
    save(aws, "poems", "Two.")
    for _ in range(2):
        delete_crew(aws.crews, GROUP, "poems")
    delete_crew(aws.crews, GROUP, "never stored")
    assert (names(aws), version_items(aws, "poems")) == ([], 0)
    with pytest.raises(CrewNotFound):
        read_crew(aws.crews, GROUP, "poems")
    again, made = save(aws, "poems", "Two.")
    assert (again.version, made) == (3, True)


def test_a_deletion_that_died_in_the_middle_leaves_nothing_to_read(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    save(aws, "poems", "One.")
    with monkeypatch.context() as dying:
        dying.setattr(aws.crews, "remove_versions", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        delete_crew(aws.crews, GROUP, "poems")
    save(aws, "poems", "New.")
    assert version_items(aws, "poems") == 2
    with pytest.raises(CrewNotFound, match="no version 1; the latest is 2"):
        read_crew(aws.crews, GROUP, "poems", 1)
    delete_crew(aws.crews, GROUP, "poems")
    assert version_items(aws, "poems") == 0


def test_an_unknown_name_is_answered_with_those_that_are_near(aws: Aws) -> None:
    save(aws, "Weekly-report")
    save(aws, "poems")
    with pytest.raises(CrewNotFound, match=r"no crew 'weekly-reprot' .* Did you mean Weekly-report\?"):
        read_crew(aws.crews, GROUP, "weekly-reprot")
    with pytest.raises(CrewNotFound, match="no version 9; the latest is 1"):
        read_crew(aws.crews, GROUP, "poems", 9)


def test_a_large_crew_is_kept_whole_and_one_that_is_too_large_is_refused(aws: Aws) -> None:
    large = submission().model_copy(update={"inputs": {"text": "All work and no play. " * 50_000}})
    save_version(aws.crews, GROUP, "large", large, saved_by=None, now=NOW)
    assert read_crew(aws.crews, GROUP, "large")[1].inputs == large.inputs
    digits = random.Random(1).randbytes(500_000).hex()  # which cannot be packed
    with pytest.raises(InvalidRequest) as caught:
        save_version(
            aws.crews, GROUP, "huge", large.model_copy(update={"inputs": {"text": digits}}), saved_by=None, now=NOW
        )
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/config", "too_large")]


def point(aws: Aws, alias: str, version: int | None = None) -> CrewAlias:
    return move_alias(aws.crews, GROUP, "poems", alias, version, moved_by="ada", now=NOW)


def test_an_alias_is_moved_from_version_to_version(aws: Aws) -> None:
    save(aws, "poems", "One.")
    save(aws, "poems", "Two.")
    assert point(aws, "prod", 1) == CrewAlias(alias="prod", version=1, moved_at=NOW, moved_by="ada")
    assert read_crew(aws.crews, GROUP, "poems", "prod")[0].version == 1
    assert point(aws, "prod").version == 2
    point(aws, "beta", 1)
    assert [(one.alias, one.version) for one in aws.crews.aliases(GROUP, "poems")] == [("beta", 1), ("prod", 2)]
    assert aws.crews.aliases("other", "poems") == []
    later = move_alias(aws.crews, GROUP, "poems", "prod", 2, moved_by="bob", now=NOW + timedelta(hours=1))
    assert later.moved_by == "ada"  # it stood for that version already
    aws.crews.remove_alias(GROUP, "poems", "prod")
    with pytest.raises(CrewNotFound, match="no alias 'prod'; it has beta"):
        read_crew(aws.crews, GROUP, "poems", "prod")


def test_an_alias_stands_for_a_version_there_is_and_is_not_called_latest(aws: Aws) -> None:
    with pytest.raises(CrewNotFound):
        point(aws, "prod")
    save(aws, "poems", "One.")
    with pytest.raises(CrewNotFound, match="no version 2; the latest is 1"):
        point(aws, "prod", 2)
    with pytest.raises(InvalidRequest, match="name alone"):
        point(aws, "latest")
    with pytest.raises(CrewNotFound, match="'poems' alone"):
        read_crew(aws.crews, GROUP, "poems", "latest")
    for number in range(MOST_ALIASES):
        point(aws, f"a{number}")
    with pytest.raises(InvalidRequest, match="50 aliases already"):
        point(aws, "more")


def test_aliases_go_with_their_crew_and_never_stand_for_what_came_after_it(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(aws, "poems", "One.")
    point(aws, "prod")
    with monkeypatch.context() as dying:
        dying.setattr(aws.crews, "remove_versions", lambda *_: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        delete_crew(aws.crews, GROUP, "poems")
    save(aws, "poems", "New.")
    with pytest.raises(CrewNotFound, match="no version 1, for which @prod stands"):
        read_crew(aws.crews, GROUP, "poems", "prod")
    point(aws, "beta")
    aws.crews.remove_versions(GROUP, "poems", 1)  # by the deletion that goes on late
    assert [one.alias for one in aws.crews.aliases(GROUP, "poems")] == ["beta"]
    delete_crew(aws.crews, GROUP, "poems")
    assert aws.crews.aliases(GROUP, "poems") == []


def test_a_rollback_is_a_new_version_that_equals_an_old_one(aws: Aws) -> None:
    first, _ = save(aws, "poems", "One.")
    save(aws, "poems", "Two.")
    point(aws, "prod", 2)
    back, made = roll_back(aws.crews, GROUP, "poems", 1, saved_by="bob", now=NOW)
    assert (back.version, back.definition_hash, back.updated_by, made) == (3, first.definition_hash, "bob", True)
    assert roll_back(aws.crews, GROUP, "poems", 1, saved_by="bob", now=NOW) == (back, False)
    assert read_crew(aws.crews, GROUP, "poems", "prod")[0].version == 2
    with pytest.raises(CrewNotFound, match="no version 9"):
        roll_back(aws.crews, GROUP, "poems", 9, saved_by=None, now=NOW)
