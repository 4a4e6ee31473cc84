"""The growing picture of an execution: agents, their crew tasks, and what happened in each."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.text import Text
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
class FlowLine:
    """A flow, or one of its methods. `inside` is the method or flow around it."""

    name: str
    inside: str | None
    state: str = "running"
    duration_ms: float | None = None
    route: str = ""
    work: list[TraceEvent] = field(default_factory=list[TraceEvent])

    def end(self, event: TraceEvent) -> None:
        self.state = "failed" if event.failed else "running" if event.event_type.endswith("_interrupted") else "done"
        self.duration_ms = event.duration_ms
        self.route = str(event.extra_data.get("route") or "")

    def add(self, event: TraceEvent) -> None:
        """What a method asks for without a crew. An end takes the place of its start."""
        self.work = [*(one for one in self.work if one.id != event.pairs_with), event][-SHOWN_EVENTS:]


@dataclass
class Outline:
    """Fed with every event in order; drawn as a tree at any time. Of a flow, the branches stand below its methods."""

    branches: dict[tuple[str | None, str, str], TaskBranch] = field(
        default_factory=dict[tuple[str | None, str, str], TaskBranch]
    )
    flows: dict[str, FlowLine] = field(default_factory=dict[str, FlowLine])
    events: int = 0
    _around: dict[str, str | None] = field(default_factory=dict[str, str | None])

    def add(self, event: TraceEvent) -> None:
        self.events += 1
        method = self._method(event)
        if event.event_source == "flow":
            return
        if not event.task_name:
            if method and event.event_source in WORK:
                self.flows[method].add(event)
            return
        role = event.agent_role or self._agent_of(method, event.task_name)
        if role is None and event.event_source != "task":
            return
        key = (method, role or UNNAMED_AGENT, event.task_name)
        waiting = self.branches.pop((method, UNNAMED_AGENT, event.task_name), None) if role else None
        branch = self.branches.setdefault(key, waiting or TaskBranch(event.task_name))
        branch.add(event)

    def _method(self, event: TraceEvent) -> str | None:
        """The id of the flow or method in which the event happened; the same in every attempt."""
        parent = None if event.parent_sequence is None else f"{event.attempt}.{event.parent_sequence}"
        inside = self._around.get(parent or "")
        if event.event_source == "flow":
            if event.phase == "start":
                inside = f"{inside or ''}/{event.event_context}"
                self.flows.setdefault(inside, FlowLine(event.event_context, self._around.get(parent or "")))
            elif event.pairs_with:
                inside = self._around.get(event.pairs_with)
                if inside:
                    self.flows[inside].end(event)
        self._around[event.id] = inside
        return inside

    def tree(self) -> Tree:
        tree = Tree("", hide_root=True, guide_style="dim")
        places: dict[str | None, Tree] = {None: tree}
        for key, line in self.flows.items():
            label = _label(line.state, line.name, line.duration_ms)
            if line.route:
                label.append(f"  → {line.route}", "bold")
            places[key] = places[line.inside].add(label)
            _add_events(places[key], line.work[-SHOWN_WHEN_DONE:] if line.state == "done" else line.work)
        agents: dict[tuple[str | None, str], Tree] = {}
        for (method, role, _), branch in self.branches.items():
            if (method, role) not in agents:
                agents[method, role] = places[method].add(plain(role.strip(), "bold blue"))
            label = _label(branch.state, branch.name, branch.duration_ms)
            if branch.tokens:
                label.append(f"  {branch.tokens} tokens", "dim")
            node = agents[method, role].add(label)
            # Finished tasks are folded, so that the picture of a long crew keeps the running one in sight.
            shown = branch.work[-SHOWN_WHEN_DONE:] if branch.state == "done" else branch.work
            hidden = branch.hidden + len(branch.work) - len(shown)
            if hidden:
                node.add(plain(f"… {hidden} earlier", "dim"))
            _add_events(node, shown)
        return tree

    def _agent_of(self, method: str | None, task: str) -> str | None:
        """Task events may not name the agent; the one that worked on the task last is meant."""
        found = (r for m, r, t in reversed(self.branches) if (m, t) == (method, task) and r != UNNAMED_AGENT)
        return next(found, None)


def _label(state: str, name: str, duration_ms: float | None) -> Text:
    mark, style = {"done": ("✔", "green"), "failed": ("✘", "red")}.get(state, ("▸", "cyan"))
    label = plain(f"{mark} {name}", style)
    if duration_ms is not None:
        label.append(f"  {seconds(duration_ms / 1000)}", "green")
    return label


def _add_events(node: Tree, events: list[TraceEvent]) -> None:
    for event in events:
        line = details(event)
        line.no_wrap, line.overflow = True, "ellipsis"
        node.add(line)
