import type { EventSource, Gap, TraceEvent } from "@/api/types";
import { insertGap } from "./gaps";
import { type TreeNode, makeNode } from "./nodes";
import { type Span, makeSpans } from "./spans";
import type { Frame } from "./time";

export interface TraceTree {
  roots: TreeNode[];
  /** When the execution was submitted. */
  start: number;
  end: number | null;
  /** By the id of any of its events. */
  spans: Map<string, Span>;
  /** Lines by their id. */
  nodes: Map<string, TreeNode>;
  agents: string[];
  kinds: Set<EventSource>;
  /** Where failures came from, in order. */
  causes: TreeNode[];
}

interface Given {
  gaps?: readonly Gap[];
  /** Nothing runs any more. */
  ended: boolean;
  frame?: Frame | undefined;
  /** Tasks that have not begun, with their agents' roles. */
  coming?: readonly { name: string; role: string }[] | undefined;
  /** The crew task that the execution's error names: a timeout leaves no failed event in it. */
  failedTask?: string | null | undefined;
}

const CREW = "Crew";

/** What the whole execution came to stands last, the platform's own word behind the crew's. */
function rank({ type, id }: TreeNode): number {
  return id === "phase:end" ? 3 : type === "system" ? 2 : type === "end" ? 1 : 0;
}

/** Start → agent → task → event → end. */
export function buildTree(events: readonly TraceEvent[], given: Given): TraceTree {
  const { gaps = [], ended, frame, failedTask, coming = [] } = given;
  const { all, roots: rootSpans } = makeSpans(events, ended);
  const builder = new Builder();
  for (const span of rootSpans) builder.place(span, undefined);
  if (failedTask) builder.markFailed(failedTask);
  for (const task of coming) builder.addComing(task.role, task.name);
  const roots = builder.roots;
  for (const node of roots) summarize(node);
  const first = all.reduce((least, span) => Math.min(least, span.start), Infinity);
  const ends = all.map((span) => span.end);
  const last = ends.reduce<number>((most, end) => Math.max(most, end ?? 0), 0);
  if (frame) builder.addPhases(frame, first, last);
  roots.sort((a, b) => rank(a) - rank(b) || a.start - b.start);
  for (const gap of gaps) insertGap(roots, builder.nodes, gap);
  const spans = new Map<string, Span>();
  for (const span of all) {
    spans.set(span.id, span);
    if (span.last) spans.set(span.last.id, span);
  }
  const told = ends.length && !ends.includes(null) ? last : null;
  return {
    roots,
    start: Math.min(first, frame?.created ?? Infinity),
    end: frame?.ended ? Math.max(frame.ended, told ?? 0) : told,
    spans,
    nodes: builder.nodes,
    agents: [...builder.agents.keys()],
    kinds: new Set(all.map((span) => span.kind)),
    causes: causesOf(roots),
  };
}

class Builder {
  readonly roots: TreeNode[] = [];
  readonly agents = new Map<string, TreeNode>();
  readonly nodes = new Map<string, TreeNode>();
  private attempt = 1;

  /** `home` is the line the span's scope has become. */
  place(span: Span, home: TreeNode | undefined): void {
    this.markAttempt(span);
    if (span.kind === "flow") {
      // Flow → method → crew → task → agent: what a flow ran stands below it, as it was nested.
      const line = this.add(home, makeNode("span", `s:${span.id}`, span.kind, "", span));
      for (const child of span.children) this.place(child, line);
    } else if (span.kind === "crew" && !home) {
      this.placeCrew(span);
    } else if (span.kind === "system") {
      this.add(undefined, makeNode("system", `s:${span.id}`, span.kind, span.first.event_type, span));
    } else if (span.kind === "task" && home?.type !== "span") {
      const task = this.taskNode(agentOf(span), span.first.task_name ?? span.first.event_context);
      const line = this.add(task, makeNode("span", `s:${span.id}`, span.kind, "", span));
      line.noise = true;
      for (const child of span.children) this.place(child, task);
    } else {
      this.placeWork(span, home);
    }
  }

  private placeCrew(span: Span): void {
    const start = { ...makeNode("start", `s:${span.id}`, span.kind, "Crew started", span), end: span.start };
    start.failed = false;
    start.noise = this.attempt > 1; // the line of the attempt says so already
    this.add(undefined, start);
    for (const child of span.children) this.place(child, undefined);
    const told = span.last;
    if (!told) return;
    // Interrupted: the slice is over or a person is asked, and the next attempt goes on.
    const goesOn = told.event_type === "crew_interrupted";
    const label = goesOn ? "Attempt handed over" : span.failed ? "Crew failed" : "Crew completed";
    const end = { ...makeNode("end", `s:${told.id}`, span.kind, label, span), start: span.end ?? span.start };
    end.failed = span.failed;
    this.add(undefined, end);
  }

  private placeWork(span: Span, home: TreeNode | undefined): void {
    const own = home ?? this.homeOf(span);
    const line = this.add(own, makeNode("span", `s:${span.id}`, span.kind, "", span));
    // The agent at work on its own crew task is what the lines above say already; one asked by another is news.
    const routine = span.kind === "agent" && own.type === "task";
    line.noise = routine;
    for (const child of span.children) this.place(child, routine ? own : line);
  }

  private homeOf(span: Span): TreeNode {
    const { agent_role: agent, task_name: task } = span.first;
    if (task) return this.taskNode(agent ?? CREW, task);
    return this.agentNode(agent ?? CREW);
  }

  private agentNode(role: string): TreeNode {
    let found = this.agents.get(role);
    if (!found) {
      found = this.add(undefined, makeNode("agent", `a:${role}`, "agent", role, undefined));
      this.agents.set(role, found);
    }
    return found;
  }

  private taskNode(role: string, task: string): TreeNode {
    const id = `t:${role}|${task}`;
    return this.nodes.get(id) ?? this.add(this.agentNode(role), makeNode("task", id, "task", task, undefined));
  }

  private markAttempt(span: Span): void {
    if (span.attempt === this.attempt || span.kind === "system") return;
    this.attempt = span.attempt;
    const label = `Attempt ${span.attempt} went on from what was finished`;
    const mark = makeNode("attempt", `attempt:${span.attempt}`, "system", label, undefined);
    this.add(undefined, { ...mark, start: span.start, end: span.start });
  }

  addComing(role: string, task: string): void {
    const known = [...this.nodes.values()].some((line) => line.type === "task" && line.label === task);
    if (!known) this.taskNode(role || CREW, task);
  }

  markFailed(task: string): void {
    for (const line of this.nodes.values()) if (line.type === "task" && line.label === task) line.failed = true;
  }

  /** What the platform did before the first event and after the last one, so that the waterfall shows all the time. */
  addPhases({ created, started, ended }: Frame, first: number, last: number): void {
    const phase = (id: string, label: string, start: number, end: number): void => {
      if (end - start < 1) return;
      this.add(undefined, { ...makeNode("phase", `phase:${id}`, "system", label, undefined), start, end });
    };
    if (started !== null) phase("queue", "Waiting for a start", created, started);
    if (started !== null && Number.isFinite(first)) phase("start", "Runner starts", started, first);
    if (ended !== null && last > 0) phase("end", "Outcome is written", last, ended);
  }

  private add(parent: TreeNode | undefined, added: TreeNode): TreeNode {
    added.parent = parent;
    (parent?.children ?? this.roots).push(added);
    this.nodes.set(added.id, added);
    return added;
  }
}

/** The agent that works on a crew task; in a hierarchy the task names none, so the first at work is meant. */
function agentOf(task: Span): string {
  const working = task.children.find((child) => child.kind === "agent");
  return working?.first.agent_role ?? task.first.agent_role ?? CREW;
}

/** Times, tokens, cost and failures of the lines below add up in those above; lines stand in the order of time. */
function summarize(line: TreeNode): void {
  for (const child of line.children) {
    summarize(child);
    if (line.type === "agent" || line.type === "task") {
      line.start = Math.min(line.start, child.start);
      line.end = child.end === null || line.end === null ? null : Math.max(line.end, child.end);
      line.failed ||=
        child.failed && (child.type === "task" || child.kind === "task" || (child.kind === "agent" && child.noise));
    }
    line.tokens += child.tokens;
    if (child.cost !== null) line.cost = (line.cost ?? 0) + child.cost;
  }
  line.children.sort((a, b) => a.start - b.start);
}

/** The lowest failed lines. The crew's end and the platform's word only repeat what failed in it. */
function causesOf(roots: TreeNode[]): TreeNode[] {
  const found: TreeNode[] = [];
  const visit = (line: TreeNode): boolean => {
    const below = line.children.map(visit).some(Boolean);
    const own = line.failed && line.type !== "end" && line.type !== "system" && line.type !== "agent";
    if (own && !below) found.push(line);
    return own || below;
  };
  roots.forEach(visit);
  const causes = dropManagement(found);
  if (!causes.length) causes.push(...roots.filter((line) => line.failed && line.type === "system").slice(0, 1));
  if (!causes.length) causes.push(...roots.filter((line) => line.failed && line.type === "end").slice(0, 1));
  for (const line of causes) line.cause = true;
  return causes.sort((a, b) => a.start - b.start);
}

/** A task's and its agent's own failed events stand beside what failed in them, so they count only when alone. */
function dropManagement(found: TreeNode[]): TreeNode[] {
  const work = found.filter((line) => !line.noise);
  const taskOf = (line: TreeNode): TreeNode | undefined =>
    line.type === "task" ? line : line.parent && taskOf(line.parent);
  const explained = new Set(work.map(taskOf));
  const alone = found.filter((line) => line.noise && !explained.has(taskOf(line)));
  const tasks = new Set<TreeNode>();
  for (const line of alone) {
    const task = taskOf(line);
    if (task) tasks.add(task);
  }
  return [...work, ...tasks];
}
