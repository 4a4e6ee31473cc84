"""Faults while a file is read: Lambda repeats the invocation, which goes on where it died."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.test_files import upload
from tests.faults.calls import BEGIN_READING, END_READING, KEEP_CHUNKS, KNOWLEDGE
from tests.faults.harness import FaultHarness, seen
from tests.faults.proxy import Fault, How, Plan

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


def test_a_file_is_read_whatever_dies(harness: FaultHarness) -> None:
    plans = {
        key: harness.proxy.add(Plan(key, [Fault(KNOWLEDGE, call, how)]))
        for key, call, how in (
            ("ingest-claimed", BEGIN_READING, How.KILL_AFTER),
            ("ingest-unkept", KEEP_CHUNKS, How.KILL_BEFORE),
            ("ingest-kept", KEEP_CHUNKS, How.KILL_AFTER),
            ("ingest-untold", END_READING, How.KILL_BEFORE),
            ("ingest-told", END_READING, How.KILL_AFTER),
        )
    }
    for key in plans:
        assert upload(harness.user, f"{key}.txt", f"{key} is the name of this file.".encode()).status_code == 200

    def read() -> dict[str, Any] | None:
        found = {each["name"].removesuffix(".txt"): each for each in harness.get("/files?limit=100")["files"]}
        ended = {key: found[key] for key in plans if found[key]["state"] in ("ready", "failed")}
        return ended if len(ended) == len(plans) else None

    files = seen(read, "all files are read", pause=1)
    assert {key for key, plan in plans.items() if not plan.injected} == set(), "These faults never happened."
    told = {key: (each["state"], each["chunks"], each["reason"]) for key, each in files.items()}
    assert told == dict.fromkeys(plans, ("ready", 1, None))
