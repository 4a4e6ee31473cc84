"""Files of groups, in the table and the bucket and in the fake."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from hashlib import sha256

import pytest

from stepcrew.aws.files import BucketFiles
from stepcrew.domain.files import FileState, GroupFile
from stepcrew.services.file_ports import FileStore
from tests.aws_table import BUCKET, GROUP, NOW, TABLE, emulated_aws
from tests.fakes.files import FakeFiles

NAME = "données (1).txt"


@pytest.fixture(params=["adapters", "fakes"])
def store(request: pytest.FixtureRequest) -> Generator[FileStore]:
    if request.param == "fakes":
        yield FakeFiles()
        return
    with emulated_aws() as aws:
        yield BucketFiles(aws.clients, TABLE, BUCKET)


def kept(store: FileStore, content: bytes, name: str = NAME, group_id: str = GROUP) -> GroupFile:
    digest = sha256(content).hexdigest()
    store.write(group_id, name, digest, content)
    file = GroupFile(name=name, bytes=len(content), media_type="text/plain", sha256=digest, uploaded_at=NOW)
    store.save(group_id, file)
    return file


def test_a_file_comes_back_as_it_was_kept(store: FileStore) -> None:
    file = kept(store, b"one")
    assert store.file(GROUP, NAME) == file
    assert store.read(GROUP, file) == b"one"
    assert store.size(GROUP, NAME, file.sha256) == 3
    assert store.file(GROUP, "other.txt") is None


def test_what_is_uploaded_is_no_file_yet(store: FileStore) -> None:
    store.write(GROUP, NAME, "ab", b"one")
    assert store.size(GROUP, NAME, "ab") == 3
    assert store.size(GROUP, NAME, "cd") is None
    assert store.files(GROUP) == []


def test_what_a_name_stood_for_before_is_removed(store: FileStore) -> None:
    before, now = kept(store, b"one"), kept(store, b"two, and longer")
    assert store.files(GROUP) == [now]
    assert store.read(GROUP, before) is None
    assert store.read(GROUP, now) == b"two, and longer"


def test_files_are_listed_by_name_and_never_another_groups(store: FileStore) -> None:
    files = [kept(store, b"1", "b.txt"), kept(store, b"2", "a.txt")]
    kept(store, b"3", "a.txt", "another")
    assert store.files(GROUP) == sorted(files, key=lambda file: file.name)
    assert store.read(GROUP, files[1]) == b"2"


def test_deleting_tells_how_much_went_and_spares_what_begins_alike(store: FileStore) -> None:
    file, other = kept(store, b"four", "a.txt"), kept(store, b"five5", "a.txt2.txt")
    assert store.delete(GROUP, "a.txt") == 4
    assert store.delete(GROUP, "a.txt") == 0
    assert store.read(GROUP, file) is None
    assert store.files(GROUP) == [other]


def test_one_reader_at_a_time_reads_a_file_and_its_repetitions_are_counted(store: FileStore) -> None:
    file = kept(store, b"one")
    first = store.begin_reading(GROUP, file, "one", NOW)
    assert first
    assert first.tries == 1
    assert store.begin_reading(GROUP, file, "two", NOW) is None
    again = store.begin_reading(GROUP, file, "one", NOW)
    assert again
    assert again.tries == 2
    assert not store.end_reading(GROUP, file.ended(FileState.READY), first), "The second time goes on."
    assert store.end_reading(GROUP, file.ended(FileState.FAILED, reason="broken"), again)
    assert store.file(GROUP, NAME) == file.ended(FileState.FAILED, reason="broken")


def test_who_died_while_reading_is_waited_for_no_longer_than_it_may_take(store: FileStore) -> None:
    file = kept(store, b"one")
    assert store.begin_reading(GROUP, file, "one", NOW)
    taken = store.begin_reading(GROUP, file, "two", NOW + timedelta(minutes=20))
    assert taken
    assert (taken.reader, taken.tries) == ("two", 1)


def test_nothing_is_told_of_a_file_that_was_replaced_meanwhile(store: FileStore) -> None:
    before = kept(store, b"one")
    reading = store.begin_reading(GROUP, before, "one", NOW)
    assert reading
    now = kept(store, b"two")
    assert not store.end_reading(GROUP, before.ended(FileState.FAILED, reason="broken"), reading)
    assert store.begin_reading(GROUP, before, "one", NOW) is None
    assert store.file(GROUP, NAME) == now
