"""The growing picture of an execution: agents, their crew tasks, and what happened in each."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.tree import Tree

from stepcrew_cli.event_lines import details, total_tokens
from stepcrew_cli.text import plain, seconds
from stepcrew_cli.wire import TraceEvent

SHOWN_EVENTS = 6
SHOWN_WHEN_DONE = 1
WORK = frozenset({"llm", "tool", "guardrail", "mcp", "reasoning", "memory", "knowledge", "human"})
UNNAMED_AGENT = "(crew)"


@dataclass
class TaskBranch:
    """One crew task as one agent worked on it. `work` holds the newest events only."""

    name: str
    state: str = "running"
    duration_ms: float | None = None
    tokens: int = 0
    hidden: int = 0
    work: list[TraceEvent] = field(default_factory=list[TraceEvent])

    def add(self, event: TraceEvent) -> None:
        if event.event_source == "task":
            self._task_event(event)
        elif event.event_source in WORK:
            self.tokens += total_tokens(event) or 0
            # An end takes the place of its start.
            self.work = [earlier for earlier in self.work if earlier.id != event.pairs_with]
            self.work.append(event)
            while len(self.work) > SHOWN_EVENTS:
                self.work.pop(0)
                self.hidden += 1

    def _task_event(self, event: TraceEvent) -> None:
        if event.failed:
            self.state, self.duration_ms = "failed", event.duration_ms
        elif event.phase == "start":
            self.state = "running"
        elif event.phase == "end" and event.event_type != "task_interrupted":  # that one goes on in the next attempt
            self.state, self.duration_ms = "done", event.duration_ms


@dataclass
class Outline:
    """Fed with every event in order; drawn as a tree at any time."""

    branches: dict[tuple[str, str], TaskBranch] = field(default_factory=dict[tuple[str, str], TaskBranch])
    events: int = 0

    def add(self, event: TraceEvent) -> None:
        self.events += 1
        if not event.task_name:
            return
        role = event.agent_role or self._agent_of(event.task_name)
        if role is None and event.event_source != "task":
            return
        key = (role or UNNAMED_AGENT, event.task_name)
        waiting = self.branches.pop((UNNAMED_AGENT, event.task_name), None) if role else None
        branch = self.branches.setdefault(key, waiting or TaskBranch(event.task_name))
        branch.add(event)

    def tree(self) -> Tree:
        tree = Tree("", hide_root=True, guide_style="dim")
        agents: dict[str, Tree] = {}
        for (role, _), branch in self.branches.items():
            if role not in agents:
                agents[role] = tree.add(plain(role.strip(), "bold blue"))
            mark, style = {"done": ("✔", "green"), "failed": ("✘", "red")}.get(branch.state, ("▸", "cyan"))
            label = plain(f"{mark} {branch.name}", style)
            if branch.duration_ms is not None:
                label.append(f"  {seconds(branch.duration_ms / 1000)}", "green")
            if branch.tokens:
                label.append(f"  {branch.tokens} tokens", "dim")
            node = agents[role].add(label)
            # Finished tasks are folded, so that the picture of a long crew keeps the running one in sight.
            shown = branch.work[-SHOWN_WHEN_DONE:] if branch.state == "done" else branch.work
            hidden = branch.hidden + len(branch.work) - len(shown)
            if hidden:
                node.add(plain(f"… {hidden} earlier", "dim"))
            for event in shown:
                line = details(event)
                line.no_wrap, line.overflow = True, "ellipsis"
                node.add(line)
        return tree

    def _agent_of(self, task: str) -> str | None:
        """Task events may not name the agent; the one that worked on the task last is meant."""
        return next((r for r, t in reversed(self.branches) if t == task and r != UNNAMED_AGENT), None)
