"""Showing an execution while it runs: a live picture on a terminal, lines on a pipe."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

from stepcrew_cli.event_lines import event_line
from stepcrew_cli.follow import Update
from stepcrew_cli.outline import Outline
from stepcrew_cli.summary import standing_text, what_to_type
from stepcrew_cli.text import plain
from stepcrew_cli.wire import Execution, Gap, TraceEvent


class Watched:
    """What was seen by the end. `execution` is None only if nothing was seen at all."""

    def __init__(self) -> None:
        self.execution: Execution | None = None
        self.events: list[TraceEvent] = []
        self.complete = False
        self.gaps: list[Gap] = []

    def take(self, update: Update) -> None:
        self.execution = update.execution
        self.events.extend(update.events)
        self.complete = update.complete
        self.gaps = update.gaps


def show(console: Console, updates: Iterable[Update], watched: Watched) -> None:
    """Draws every update and keeps it in `watched`, which stays readable when a Ctrl-C ends the drawing."""
    if console.is_terminal:
        _show_live(console, updates, watched)
    else:
        _show_lines(console, updates, watched)


def _show_live(console: Console, updates: Iterable[Update], watched: Watched) -> None:
    outline = Outline()
    spinner = Spinner("dots")
    with Live(console=console, refresh_per_second=8, vertical_overflow="ellipsis") as live:
        for update in updates:
            watched.take(update)
            for event in update.events:
                outline.add(event)
            live.update(_picture(update.execution, outline, spinner))


def _picture(execution: Execution, outline: Outline, spinner: Spinner) -> RenderableType:
    progress = execution.progress
    total = progress.tasks_total or 1
    head = Table.grid(padding=(0, 2))
    mark: RenderableType = " " if execution.ended else spinner
    bar = ProgressBar(total=total, completed=progress.tasks_done, width=30)
    tasks = f"{progress.tasks_done}/{progress.tasks_total or '?'} tasks"
    cells: list[RenderableType] = [mark, standing_text(execution), bar, tasks]
    head.add_row(*cells, f"{outline.events} events", f"{execution.usage.total_tokens} tokens")
    parts: list[RenderableType] = [head]
    if execution.message and not execution.ended:
        parts.append(plain(execution.message, "dim"))
    parts += [plain(f"  {command}", "magenta") for command in what_to_type(execution)]
    return Group(*parts, outline.tree())


def _show_lines(console: Console, updates: Iterable[Update], watched: Watched) -> None:
    said: tuple[str, int | None, int] | None = None
    asked: int | None = None
    for update in updates:
        watched.take(update)
        for event in update.events:
            console.print(event_line(event), soft_wrap=True)
        execution = update.execution
        now = (execution.status, execution.queue_position, execution.progress.tasks_done)
        if now != said:
            said = now
            progress = execution.progress
            tasks = f"{progress.tasks_done} of {progress.tasks_total} tasks done" if progress.tasks_total else ""
            console.print(plain(f"-- {standing_text(execution)} {tasks}".rstrip()), soft_wrap=True)
        number = execution.waiting.number if execution.waiting else None
        if number != asked:
            asked = number
            for line in [execution.message, *what_to_type(execution)] if number else []:
                console.print(plain(f"   {line}"), soft_wrap=True)
