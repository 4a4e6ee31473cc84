"""How long a search in memory takes, measured inside the runner's environment; prints one JSON object.

The real storage searches in memory that lies in this process, so what is measured is reading the records' texts,
comparing with every vector, and the journal's entry; reading the table comes on top.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import cast

from stepcrew_runner.isolation import environment, loading

environment.prepare()

import numpy as np  # noqa: E402 - as CrewAI, which may be imported only after `prepare`
from tests.runner.gates import an_attempt  # noqa: E402
from tests.runner.harness import EMBEDDER, GROUP, Harness  # noqa: E402

from scripted_model import ScriptedModel  # noqa: E402
from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope  # noqa: E402
from stepcrew_runner.crew.memory_storage import GroupStorage  # noqa: E402

loading.end()

ROUNDS = 3
ROOT = "/crews/measured"


def main() -> None:
    """The arguments: how many records, one after the other; how many dimensions; the text of each record."""
    *counts, dimensions, text = sys.argv[1:]
    size = int(dimensions)
    out = os.fdopen(os.dup(1), "w")
    home = Harness(cast("ScriptedModel", None))
    now = home.clock.now()
    root = home.memory.open_root(GROUP, RootScope(path=ROOT, embedder=EMBEDDER, dimension=size, created_at=now))
    random = np.random.default_rng(1)
    found: dict[int, list[float]] = {}
    kept = 0
    with an_attempt(home) as companions:
        for many in map(int, counts):
            for vector in random.standard_normal((many - kept, size), dtype="f4"):
                record_id = f"{kept:032}"
                record = MemoryRecord(record_id=record_id, scope=ROOT, content=text, created_at=now, updated_at=now)
                home.memory.add(GROUP, root, Remembered(record, vector.astype("<f4").tobytes()))
                kept += 1
            found[many] = []
            for _ in range(ROUNDS):
                store = GroupStorage(ROOT, EMBEDDER, companions, home.memory)  # one that has read nothing yet
                wanted = random.standard_normal(size).tolist()
                begun = time.process_time()
                assert len(store.search(wanted, limit=10)) == 10
                found[many].append((time.process_time() - begun) * 1000)
    print(json.dumps({"search_ms": found}), file=out, flush=True)


if __name__ == "__main__":
    main()
