"""Whether the trace and the journal of a bundle are whole and unaltered, by their chains of hashes.

Made after docs/rerun-and-replay.md ("Proof") alone, not with the code that makes the chains.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from stepcrew_cli.errors import CliError

FORMAT, VERSION = "stepcrew-bundle", 1
NOT_PROVEN = ("recorded_at", "body_reference")
SYSTEM_ATTEMPT = 9999
"""What the platform itself wrote: one event, which says what the record's error says."""
TERMINAL = {"COMPLETED", "FAILED", "CANCELLED"}
Json = dict[str, Any]


@dataclass
class Verified:
    """`faults` say what is missing or altered; `notes` what cannot be proven, or is worth knowing. `seal` is one hash
    of all ends of chains: whoever keeps it elsewhere knows that nobody has made all of them again."""

    seal: str
    events: int = 0
    entries: int = 0
    faults: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])


def verify(path: Path) -> Verified:
    """Raises CliError for what is no bundle."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = cast(Json, json.loads(archive.read("manifest.json")))
            if (manifest.get("format"), manifest.get("version")) != (FORMAT, VERSION):
                raise CliError(f"{path} is no bundle of version {VERSION}.")
            return _verified(archive, cast(Json, json.loads(archive.read("execution.json"))))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise CliError(f"{path} cannot be read as a bundle: {error}") from error


def _verified(archive: zipfile.ZipFile, execution: Json) -> Verified:
    proof: Json = execution.get("proof") or {}
    found = Verified(hash_of(proof))
    if execution.get("status") not in TERMINAL:
        found.notes.append(f"The execution is {execution.get('status')}: its end cannot be proven yet.")
    events, entries = [*_lines(archive, "trace.jsonl")], [*_lines(archive, "journal.jsonl")]
    found.events, found.entries = len(events), len(entries)
    if execution.get("proof") is None:
        found.notes.append("An older version made this execution: it has no hashes.")
        return found
    emitted: Json = execution.get("traces_emitted") or {}
    attempts = range(1, int(execution.get("attempt", 0)) + 1)
    for attempt in attempts:
        ends = cast("Json | None", proof.get(str(attempt)))
        if ends is None:
            found.notes.append(f"Attempt {attempt} ended without a word: what it did last cannot be proven.")
        _check_events(found, events, attempt, emitted.get(str(attempt)), ends)
        _check_entries(found, entries, attempt, ends)
    for event in events:
        if event["attempt"] == SYSTEM_ATTEMPT:
            error: Json = execution.get("error") or {}
            if event.get("output") != error.get("message"):
                found.faults.append("The platform's own event does not say what the record says.")
        elif event["attempt"] not in attempts:
            found.faults.append(f"Event {_name(event)} belongs to no attempt.")
    _check_bodies(found, archive, events)
    return found


def _check_events(found: Verified, events: list[Json], attempt: int, emitted: int | None, ends: Json | None) -> None:
    own = {int(event["sequence"]): event for event in events if event["attempt"] == attempt}
    last = emitted if emitted is not None else max(own, default=0)
    for first, until in _ranges([number for number in range(1, last + 1) if number not in own]):
        found.faults.append(f"Event {attempt}.{first}{f' to {attempt}.{until}' if until > first else ''} is missing.")
    for number in sorted(number for number in own if number > last):
        found.faults.append(f"Event {attempt}.{number} was added: the attempt told {last} events.")
    hashes = {number: hash_of(event) for number, event in own.items()}
    for number, event in own.items():
        follows = own[number + 1].get("previous") if number + 1 in own else None
        if number + 1 in own and follows != hashes[number]:
            found.faults.append(f"Event {_name(event)} was altered, or what follows it.")
    if ends is not None and last in own and hashes[last] != ends.get("trace"):
        found.faults.append(f"Event {attempt}.{last}, the last of its attempt, was altered.")


def _check_entries(found: Verified, entries: list[Json], attempt: int, ends: Json | None) -> None:
    """What stands, and what was replaced: of that, the hash alone is left."""
    own: dict[int, tuple[str | None, str]] = {}
    for entry in entries:
        if entry["attempt"] == attempt:
            own[int(entry.get("number", 0))] = (entry.get("previous"), hash_of(entry))
        for link in cast("list[Json]", entry.get("replaced") or []):
            if link["attempt"] == attempt:
                own[int(link["number"])] = (link.get("previous"), str(link["hash"]))
    last = int(ends.get("entries", 0)) if ends is not None else max(own, default=0)
    for first, until in _ranges([number for number in range(1, last + 1) if number not in own]):
        many = f"Entries {first} to {until}" if until > first else f"Entry {first}"
        found.faults.append(f"{many} of the journal of attempt {attempt} {'are' if until > first else 'is'} missing.")
    for number in sorted(own):
        if number + 1 in own and own[number + 1][0] != own[number][1]:
            found.faults.append(f"Entry {number} of the journal of attempt {attempt} was altered, or the next one.")
    told = ends.get("journal") if ends is not None else None
    if ends is not None and last and told is None:
        found.notes.append(f"Attempt {attempt} could not say how its journal ends.")
    elif told is not None and last in own and own[last][1] != told:
        found.faults.append(f"Entry {last} of the journal of attempt {attempt}, its last, was altered.")
    if ends is not None and (late := [number for number in own if number > last]):
        found.notes.append(f"Attempt {attempt} wrote {len(late)} more into its journal after it had ended.")


def _check_bodies(found: Verified, archive: zipfile.ZipFile, events: list[Json]) -> None:
    members = set(archive.namelist())
    for event in events:
        reference = cast("Json | None", event.get("output_reference"))
        if reference is None or not reference.get("sha256"):
            continue
        member = f"bodies/{reference['payload_id']}"
        if member not in members:
            found.faults.append(f"The body of event {_name(event)} is missing.")
        elif hashlib.sha256(archive.read(member)).hexdigest() != reference["sha256"]:
            found.faults.append(f"The body of event {_name(event)} was altered.")


def hash_of(record: Json) -> str:
    """SHA-256 (hex) of a line of a bundle."""
    kept = {name: value for name, value in record.items() if name not in NOT_PROVEN}
    text = json.dumps(kept, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(archive: zipfile.ZipFile, member: str) -> Iterator[Json]:
    with archive.open(member) as stream:
        for line in stream:
            yield json.loads(line)


def _ranges(numbers: list[int]) -> Iterator[tuple[int, int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for place, number in enumerate(numbers):
        groups[number - place].append(number)
    yield from ((group[0], group[-1]) for group in groups.values())


def _name(event: Json) -> str:
    return f"{event['attempt']}.{event['sequence']}"
