import type { Execution } from "@/api/types";
import { elapsed } from "@/trace/time";

type Value = (execution: Execution, now: number) => number | string;

/** What the list can be sorted by, the largest first; without any, the newest come first. */
export const SORTS: Record<string, { name: string; value: Value }> = {
  oldest: { name: "Oldest first", value: ({ created_at: at }) => -Date.parse(at) },
  duration: { name: "Longest first", value: (execution, now) => elapsed(execution, now) },
  tokens: { name: "Most tokens first", value: ({ usage }) => usage.total_tokens },
  cost: { name: "Most expensive first", value: ({ cost }) => cost.total_usd ?? -1 },
};

export function sorted(executions: Execution[], by: string, now: number): Execution[] {
  const value = Object.hasOwn(SORTS, by) ? SORTS[by]?.value : undefined;
  if (!value) return executions;
  const order = executions.map((execution) => ({ execution, value: value(execution, now) }));
  // Equal ones stay newest first.
  return order.sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0)).map(({ execution }) => execution);
}
