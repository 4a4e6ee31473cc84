"""Showing a batch while it runs: a bar on a terminal, a line for each change on a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from stepcrew_cli.batch_wire import Batch
from stepcrew_cli.client import Client
from stepcrew_cli.text import plain

FIRST_DELAY, MAX_DELAY = 0.5, 5.0


def follow_batch(client: Client, batch_id: str, sleep: Callable[[float], None] = time.sleep) -> Iterator[Batch]:
    """Looks again and again, slower while nothing changes, until it has ended."""
    delay, last = FIRST_DELAY, None
    while True:
        batch = client.batches.read(batch_id).read(Batch)
        delay = FIRST_DELAY if batch != last else min(MAX_DELAY, delay * 1.5)
        last = batch
        yield batch
        if batch.ended:
            return
        sleep(delay)


def show_batch(console: Console, updates: Iterator[Batch]) -> Batch | None:
    """Draws every update; answers the last one."""
    return _bar(console, updates) if console.is_terminal else _lines(console, updates)


def standing(batch: Batch) -> str:
    """Counts that add up to the whole, and the cost so far."""
    counts = batch.counts
    parts = [f"{counts.completed} completed", f"{counts.failed} failed"]
    parts += [f"{counts.cancelled} cancelled"] if counts.cancelled else []
    parts += [f"{counts.running} running"] if counts.running else []
    parts += [f"{batch.pending} not started"] if batch.pending else []
    cost = f"${batch.usage.cost_usd:.4f}" + (f" and {batch.usage.unpriced} unpriced" if batch.usage.unpriced else "")
    return f"{', '.join(parts)}; {batch.usage.total_tokens} tokens, {cost}"


def _bar(console: Console, updates: Iterator[Batch]) -> Batch | None:
    last: Batch | None = None
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("")
        for last in updates:
            progress.update(task, total=last.total, completed=last.rows_ended, description=standing(last))
    return last


def _lines(console: Console, updates: Iterator[Batch]) -> Batch | None:
    last: Batch | None = None
    said = ""
    for last in updates:
        if (line := f"-- {last.status} {last.rows_ended} of {last.total}: {standing(last)}") != said:
            console.print(plain(line), soft_wrap=True)
            said = line
    return last
