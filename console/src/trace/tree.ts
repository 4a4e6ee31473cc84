import type { EventSource, Gap, TraceEvent } from "@/api/types";
import { type Span, makeSpans } from "./spans";

export type NodeKind = "start" | "end" | "system" | "attempt" | "agent" | "task" | "span" | "gap";

/** One line of the timeline. Ids do not change as the trace grows, so what is open and chosen stays so. */
export interface TreeNode {
  id: string;
  type: NodeKind;
  kind: EventSource;
  label: string;
  span: Span | undefined;
  gap: Gap | undefined;
  children: TreeNode[];
  start: number;
  end: number | null;
  failed: boolean;
  tokens: number;
  /** Events of the orchestration and the management of tasks: told by the tree itself, so hidden unless asked for. */
  noise: boolean;
}

export interface TraceTree {
  roots: TreeNode[];
  start: number;
  end: number | null;
  /** By the id of any of its events. */
  spans: Map<string, Span>;
  agents: string[];
  kinds: Set<EventSource>;
  failures: number;
}

const CREW = "Crew";

/** What the whole execution came to stands last, the platform's own word behind the crew's. */
function rank({ type }: TreeNode): number {
  return type === "system" ? 2 : type === "end" ? 1 : 0;
}

/** Start → agent → task → event → end. */
export function buildTree(events: readonly TraceEvent[], gaps: readonly Gap[], ended: boolean): TraceTree {
  const { all, roots: rootSpans } = makeSpans(events, ended);
  const builder = new Builder();
  for (const span of rootSpans) builder.place(span, undefined);
  const roots = builder.roots;
  for (const node of roots) summarize(node);
  roots.sort((a, b) => rank(a) - rank(b) || a.start - b.start);
  for (const gap of gaps) insertGap(roots, builder.nodes, gap);
  const spans = new Map<string, Span>();
  for (const span of all) {
    spans.set(span.id, span);
    if (span.last) spans.set(span.last.id, span);
  }
  const ends = all.map((span) => span.end);
  return {
    roots,
    start: all.reduce((least, span) => Math.min(least, span.start), Infinity),
    end: ends.length && !ends.includes(null) ? ends.reduce<number>((most, end) => Math.max(most, end ?? 0), 0) : null,
    spans,
    agents: [...builder.agents.keys()],
    kinds: new Set(all.map((span) => span.kind)),
    failures: [...builder.nodes.values()].filter(
      (line) => line.failed && !line.noise && (line.type === "span" || line.type === "system"),
    ).length,
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
    if (span.kind === "crew" && !home) {
      this.placeCrew(span);
    } else if (span.kind === "system") {
      this.add(this.roots, node("system", `s:${span.id}`, span.kind, span.first.event_type, span));
    } else if (span.kind === "task" && home?.type !== "span") {
      const task = this.taskNode(agentOf(span), span.first.task_name ?? span.first.event_context);
      const line = this.add(task.children, node("span", `s:${span.id}`, span.kind, "", span));
      line.noise = true;
      for (const child of span.children) this.place(child, task);
    } else {
      this.placeWork(span, home);
    }
  }

  private placeCrew(span: Span): void {
    const start = { ...node("start", `s:${span.id}`, span.kind, "Crew started", span), end: span.start, failed: false };
    start.noise = this.attempt > 1; // the line of the attempt says so already
    this.add(this.roots, start);
    for (const child of span.children) this.place(child, undefined);
    const told = span.last;
    if (!told) return;
    // Interrupted: the slice is over or a person is asked, and the next attempt goes on.
    const goesOn = told.event_type === "crew_interrupted";
    const label = goesOn ? "Attempt handed over" : span.failed ? "Crew failed" : "Crew completed";
    const end = { ...node("end", `s:${told.id}`, span.kind, label, span), start: span.end ?? span.start };
    end.failed = span.failed;
    this.add(this.roots, end);
  }

  private placeWork(span: Span, home: TreeNode | undefined): void {
    const own = home ?? this.homeOf(span);
    const line = this.add(own.children, node("span", `s:${span.id}`, span.kind, "", span));
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
      found = this.add(this.roots, node("agent", `a:${role}`, "agent", role, undefined));
      this.agents.set(role, found);
    }
    return found;
  }

  private taskNode(role: string, task: string): TreeNode {
    const id = `t:${role}|${task}`;
    return this.nodes.get(id) ?? this.add(this.agentNode(role).children, node("task", id, "task", task, undefined));
  }

  private markAttempt(span: Span): void {
    if (span.attempt === this.attempt || span.kind === "system") return;
    this.attempt = span.attempt;
    const mark = node(
      "attempt",
      `attempt:${span.attempt}`,
      "system",
      `Attempt ${span.attempt} went on from what was finished`,
      undefined,
    );
    this.add(this.roots, { ...mark, start: span.start, end: span.start });
  }

  private add(list: TreeNode[], added: TreeNode): TreeNode {
    list.push(added);
    this.nodes.set(added.id, added);
    return added;
  }
}

function node(type: NodeKind, id: string, kind: EventSource, label: string, span: Span | undefined): TreeNode {
  return {
    id,
    type,
    kind,
    label,
    span,
    gap: undefined,
    children: [],
    start: span?.start ?? Infinity,
    end: span ? span.end : 0,
    failed: span?.failed ?? false,
    tokens: span?.tokens ?? 0,
    noise: false,
  };
}

/** The agent that works on a crew task; in a hierarchy the task names none, so the first at work is meant. */
function agentOf(task: Span): string {
  const working = task.children.find((child) => child.kind === "agent");
  return working?.first.agent_role ?? task.first.agent_role ?? CREW;
}

/** Times, tokens and failures of the lines below add up in those above. */
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
  }
}

function insertGap(roots: TreeNode[], nodes: Map<string, TreeNode>, gap: Gap): void {
  const before = lastBefore(nodes, gap);
  const line = node("gap", `gap:${gap.attempt}.${gap.first}`, "system", gapText(gap), undefined);
  const at = before?.start ?? 0;
  Object.assign(line, { gap, start: at, end: at });
  const list = before ? listOf(roots, before) : roots;
  list.splice(before ? list.indexOf(before) + 1 : 0, 0, line);
}

function lastBefore(nodes: Map<string, TreeNode>, gap: Gap): TreeNode | undefined {
  let found: TreeNode | undefined;
  for (const candidate of nodes.values()) {
    const span = candidate.span;
    if (span?.attempt === gap.attempt && span.sequence < gap.first && span.sequence > (found?.span?.sequence ?? 0)) {
      found = candidate;
    }
  }
  return found;
}

function listOf(list: TreeNode[], wanted: TreeNode): TreeNode[] {
  if (list.includes(wanted)) return list;
  for (const each of list) {
    const found = each.children.length ? listOf(each.children, wanted) : [];
    if (found.includes(wanted)) return found;
  }
  return [];
}

export function gapText({ attempt, first, last }: Gap): string {
  const where = attempt > 1 ? ` of attempt ${attempt}` : "";
  if (last === null || last === undefined) return `Events from ${first} on${where} are missing`;
  return first === last ? `Event ${first}${where} is missing` : `Events ${first}–${last}${where} are missing`;
}
