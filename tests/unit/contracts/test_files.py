"""Files of groups, in the table and the bucket and in the fake."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

import pytest

from stepcrew.aws import paths
from stepcrew.aws.files import BucketFiles
from stepcrew.domain.files import FileState, GroupFile
from stepcrew.services.file_ports import FileStore
from tests.aws_table import BUCKET, GROUP, NOW, TABLE, emulated_aws
from tests.fakes.files import FakeFiles

NAME = "données (1).txt"


class Place(NamedTuple):
    store: FileStore
    put_bytes: Callable[[str, str, str, bytes], None]


@pytest.fixture(params=["adapters", "fakes"])
def place(request: pytest.FixtureRequest) -> Generator[Place]:
    if request.param == "fakes":
        fake = FakeFiles()
        yield Place(fake, fake.put_bytes)
        return
    with emulated_aws() as aws:

        def put_bytes(group_id: str, name: str, digest: str, content: bytes) -> None:
            aws.clients.s3.put_object(Bucket=BUCKET, Key=paths.content(group_id, name, digest), Body=content)

        yield Place(BucketFiles(aws.clients, TABLE, BUCKET), put_bytes)


def kept(place: Place, content: bytes, name: str = NAME, group_id: str = GROUP) -> GroupFile:
    digest = sha256(content).hexdigest()
    place.put_bytes(group_id, name, digest, content)
    file = GroupFile(name=name, bytes=len(content), media_type="text/plain", sha256=digest, uploaded_at=NOW)
    place.store.save(group_id, file)
    return file


def test_a_file_comes_back_as_it_was_kept(place: Place) -> None:
    file = kept(place, b"one")
    assert place.store.file(GROUP, NAME) == file
    assert place.store.read(GROUP, file) == b"one"
    assert place.store.size(GROUP, NAME, file.sha256) == 3
    assert place.store.file(GROUP, "other.txt") is None


def test_what_is_uploaded_is_no_file_yet(place: Place) -> None:
    place.put_bytes(GROUP, NAME, "ab", b"one")
    assert place.store.size(GROUP, NAME, "ab") == 3
    assert place.store.size(GROUP, NAME, "cd") is None
    assert place.store.files(GROUP) == []


def test_what_a_name_stood_for_before_is_removed(place: Place) -> None:
    before, now = kept(place, b"one"), kept(place, b"two, and longer")
    assert place.store.files(GROUP) == [now]
    assert place.store.read(GROUP, before) is None
    assert place.store.read(GROUP, now) == b"two, and longer"


def test_files_are_listed_by_name_and_never_another_groups(place: Place) -> None:
    files = [kept(place, b"1", "b.txt"), kept(place, b"2", "a.txt")]
    kept(place, b"3", "a.txt", "another")
    assert place.store.files(GROUP) == sorted(files, key=lambda file: file.name)
    assert place.store.read(GROUP, files[1]) == b"2"


def test_deleting_tells_how_much_went_and_spares_what_begins_alike(place: Place) -> None:
    file, other = kept(place, b"four", "a.txt"), kept(place, b"five5", "a.txt2.txt")
    assert place.store.delete(GROUP, "a.txt") == 4
    assert place.store.delete(GROUP, "a.txt") == 0
    assert place.store.read(GROUP, file) is None
    assert place.store.files(GROUP) == [other]


def test_one_reader_at_a_time_reads_a_file_and_its_repetitions_are_counted(place: Place) -> None:
    file = kept(place, b"one")
    first = place.store.begin_reading(GROUP, file, "one", NOW)
    assert first
    assert first.tries == 1
    assert place.store.begin_reading(GROUP, file, "two", NOW) is None
    again = place.store.begin_reading(GROUP, file, "one", NOW)
    assert again
    assert again.tries == 2
    assert not place.store.end_reading(GROUP, file.ended(FileState.READY), first), "The second time goes on."
    assert place.store.end_reading(GROUP, file.ended(FileState.FAILED, reason="broken"), again)
    assert place.store.file(GROUP, NAME) == file.ended(FileState.FAILED, reason="broken")


def test_who_died_while_reading_is_waited_for_no_longer_than_it_may_take(place: Place) -> None:
    file = kept(place, b"one")
    assert place.store.begin_reading(GROUP, file, "one", NOW)
    taken = place.store.begin_reading(GROUP, file, "two", NOW + timedelta(minutes=20))
    assert taken
    assert (taken.reader, taken.tries) == ("two", 1)


def test_nothing_is_told_of_a_file_that_was_replaced_meanwhile(place: Place) -> None:
    before = kept(place, b"one")
    reading = place.store.begin_reading(GROUP, before, "one", NOW)
    assert reading
    now = kept(place, b"two")
    assert not place.store.end_reading(GROUP, before.ended(FileState.FAILED, reason="broken"), reading)
    assert place.store.begin_reading(GROUP, before, "one", NOW) is None
    assert place.store.file(GROUP, NAME) == now
