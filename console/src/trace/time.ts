import type { Span } from "./spans";
import type { TreeNode } from "./tree";

export interface Interval {
  start: number;
  end: number;
}

/** Where wall time went: `waiting` is when neither a model nor a tool was at work. Milliseconds. */
export interface Spent {
  total: number;
  model: number;
  tool: number;
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
}

/** When models and tools were at work on the line and below it. `now` ends what still runs; `grain` as in `union`. */
export function workOf(line: TreeNode, now: number, grain: number): Work {
  const model: Interval[] = [];
  const tool: Interval[] = [];
  const visit = ({ span, children }: TreeNode): void => {
    if (span) take(span, model, tool, now);
    children.forEach(visit);
  };
  visit(line);
  return { model: union(model, grain), tool: union(tool, grain) };
}

function take(span: Span, model: Interval[], tool: Interval[], now: number): void {
  const interval = { start: span.start, end: span.end ?? now };
  if (span.kind === "llm") model.push(interval);
  else if (TOOLS.has(span.kind)) tool.push(interval);
}

/** A tool that itself asks a model counts as model while it does. */
export function spentOf(spans: Iterable<Span>, start: number, end: number): Spent {
  const model: Interval[] = [];
  const tool: Interval[] = [];
  for (const span of spans) take(span, model, tool, end);
  const modelTime = length(union(model));
  const busy = length(union([...model, ...tool]));
  const total = Math.max(0, end - start);
  return { total, model: modelTime, tool: busy - modelTime, waiting: Math.max(0, total - busy) };
}

/** Round marks for an axis of `total` ms, at most `most` of them. */
export function ticks(total: number, most: number): number[] {
  if (!(total > 0)) return [0];
  const rough = total / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, index) => index * step);
}
