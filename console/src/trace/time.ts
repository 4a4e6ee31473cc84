import type { Span } from "./spans";
import type { TreeNode } from "./tree";

export interface Interval {
  start: number;
  end: number;
}

/** Where wall time went: `waiting` is when neither a model, a tool nor a person was at work. Milliseconds. */
export interface Spent {
  total: number;
  model: number;
  tool: number;
  /** A person was asked, and nothing else was at work. */
  person: number;
  waiting: number;
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

export interface Work {
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
export function spentOf(spans: Iterable<Span>, start: number, end: number): Spent {
  const work: Work = { model: [], tool: [], person: [] };
  for (const span of spans) take(span, work, end);
  const modelTime = length(union(work.model));
  const busy = length(union([...work.model, ...work.tool]));
  const told = length(union([...work.model, ...work.tool, ...work.person]));
  const total = Math.max(0, end - start);
  return { total, model: modelTime, tool: busy - modelTime, person: told - busy, waiting: Math.max(0, total - told) };
}

/** Round marks for an axis of `total` ms, at most `most` of them. */
export function ticks(total: number, most: number): number[] {
  if (!(total > 0)) return [0];
  const rough = total / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, index) => index * step);
}
