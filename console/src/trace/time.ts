import type { Execution } from "@/api/types";
import { SYSTEM_ATTEMPT, type Span } from "./spans";
import type { TreeNode } from "./nodes";

export interface Interval {
  start: number;
  end: number;
}

/** The moments the record of an execution names, in ms since 1970; null where they have not come. */
export interface Frame {
  created: number;
  started: number | null;
  ended: number | null;
}

export function frameOf(execution: Pick<Execution, "created_at" | "started_at" | "ended_at">): Frame {
  const ms = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso));
  return {
    created: Date.parse(execution.created_at),
    started: ms(execution.started_at),
    ended: ms(execution.ended_at),
  };
}

/** From the submission to the end, or until now: what every page calls elapsed. Milliseconds. */
export function elapsed(execution: Pick<Execution, "created_at" | "ended_at">, now: number): number {
  const end = execution.ended_at ? Date.parse(execution.ended_at) : now;
  return Math.max(0, end - Date.parse(execution.created_at));
}

/** Where wall time went; the parts add up to `total`. Milliseconds. */
export interface Spent {
  total: number;
  model: number;
  tool: number;
  /** A person was asked, and nothing else was at work. */
  person: number;
  /** From the submission until an attempt began. */
  queue: number;
  /** The crew's own work, while nothing was asked of a model, a tool or a person. */
  between: number;
  /** Everything else: starting a runner, handing over to the next one, writing the end. */
  platform: number;
}

const TOOLS = new Set(["tool", "mcp", "memory", "knowledge"]);

/** Merged, so that what ran side by side is counted once. Pauses shorter than `grain` are bridged. */
export function union(intervals: Interval[], grain = 0): Interval[] {
  const sorted = intervals.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  const merged: Interval[] = [];
  for (const { start, end } of sorted) {
    const last = merged.at(-1);
    if (last && start <= last.end + grain) last.end = Math.max(last.end, end);
    else merged.push({ start, end }); // a copy, because it grows
  }
  return merged;
}

const length = (intervals: Interval[]): number => intervals.reduce((sum, { start, end }) => sum + end - start, 0);

interface Work {
  model: Interval[];
  tool: Interval[];
  person: Interval[];
}

/** When models, tools and people were at work on the line and below it. `now` ends what still runs; `grain` as in `union`. */
export function workOf(line: TreeNode, now: number, grain: number): Work {
  const work: Work = { model: [], tool: [], person: [] };
  const visit = ({ span, children }: TreeNode): void => {
    if (span) take(span, work, now);
    children.forEach(visit);
  };
  visit(line);
  return { model: union(work.model, grain), tool: union(work.tool, grain), person: union(work.person, grain) };
}

function take(span: Span, work: Work, now: number): void {
  const interval = { start: span.start, end: span.end ?? now };
  if (span.kind === "llm") work.model.push(interval);
  else if (span.kind === "human") work.person.push(interval);
  else if (TOOLS.has(span.kind)) work.tool.push(interval);
}

/** A tool that itself asks a model counts as model while it does. */
export function spentOf(spans: Iterable<Span>, frame: Frame, end: number): Spent {
  const work: Work = { model: [], tool: [], person: [] };
  const attempts = new Map<number, Interval>();
  for (const span of spans) {
    take(span, work, end);
    if (span.attempt < SYSTEM_ATTEMPT && span.kind !== "human") extend(attempts, span, end);
  }
  const modelTime = length(union(work.model));
  const busy = length(union([...work.model, ...work.tool]));
  const asked = [...work.model, ...work.tool, ...work.person];
  const told = length(union(asked));
  const crew = length(union([...asked, ...attempts.values()]));
  const total = Math.max(0, end - frame.created);
  const queue = Math.min(total, Math.max(0, (frame.started ?? end) - frame.created));
  return {
    total,
    model: modelTime,
    tool: busy - modelTime,
    person: told - busy,
    queue,
    between: crew - told,
    platform: Math.max(0, total - queue - crew),
  };
}

/** From the first event of each attempt to its last one. */
function extend(attempts: Map<number, Interval>, span: Span, now: number): void {
  const known = attempts.get(span.attempt);
  const end = span.end ?? now;
  if (!known) attempts.set(span.attempt, { start: span.start, end });
  else attempts.set(span.attempt, { start: Math.min(known.start, span.start), end: Math.max(known.end, end) });
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** What people call round, in ms; below a second, powers of ten. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48].map((count) => count * HOUR),
];

/** The round distance between marks so that at most `most` of them stand in `total` ms. */
export function stepOf(total: number, most: number): number {
  const rough = total / most;
  if (rough < SECOND) {
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  }
  return STEPS.find((size) => size >= rough) ?? Math.ceil(rough / (24 * HOUR)) * 24 * HOUR;
}

/** Round marks between two moments that are counted from the beginning. */
export function ticks({ start, end }: Interval, most: number): number[] {
  if (!(end > start)) return [start];
  const step = stepOf(end - start, most);
  const first = Math.ceil(start / step);
  const last = Math.floor(end / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}
