import type { Definition } from "@/api/queries";
import type { TaskOutput, TraceEvent } from "@/api/types";
import { tasksOf } from "@/lib/definition";
import type { TreeNode } from "@/trace/nodes";
import type { TraceTree } from "@/trace/tree";

export interface PairSide {
  /** A task that the crew never had, one that was not finished, or one that is done. */
  state: "absent" | "unfinished" | "done";
  /** Milliseconds; null where the task was not finished. */
  time: number | null;
  tokens: number;
  /** US dollars; null while no priced call stands below. */
  cost: number | null;
  /** The output; null where there is none. Of a very large output, its beginning. */
  text: string | null;
  /** The beginning of its first model call: what was sent. */
  prompt: TraceEvent | null;
}

export interface Pair {
  name: string;
  sides: [PairSide, PairSide];
}

/** What is known of one execution. */
export interface Known {
  definition: Partial<Definition> | undefined;
  outputs: TaskOutput[];
  tree: TraceTree;
}

/** Tasks of the same name stand beside each other, in the order of the first execution, then what only the second has. */
export function pairTasks(first: Known, second: Known): Pair[] {
  const names = [first, second].flatMap(({ definition, outputs }) => [
    ...tasksOf(definition).map((task) => task.name),
    ...outputs.map((output) => output.name),
  ]);
  return [...new Set(names)].map((name) => ({ name, sides: [sideOf(name, first), sideOf(name, second)] }));
}

function sideOf(name: string, { definition, outputs, tree }: Known): PairSide {
  const output = outputs.find((each) => each.name === name);
  const defined = tasksOf(definition).some((task) => task.name === name);
  const nodes = tree.roots
    .flatMap((root) => root.children)
    .filter((node) => node.type === "task" && node.label === name);
  const costs = nodes.flatMap((node) => (node.cost === null ? [] : [node.cost]));
  return {
    state: output ? "done" : defined ? "unfinished" : "absent",
    time: output ? timeOf(output) : null,
    tokens: nodes.reduce((sum, node) => sum + node.tokens, 0),
    cost: costs.length ? costs.reduce((sum, cost) => sum + cost, 0) : null,
    text: output ? textOf(output) : null,
    prompt: nodes.map(firstCall).find((call) => call !== null) ?? null,
  };
}

function firstCall(node: TreeNode): TraceEvent | null {
  if (node.kind === "llm" && node.span) return node.span.first;
  for (const child of node.children) {
    const found = firstCall(child);
    if (found) return found;
  }
  return null;
}

function timeOf(task: TaskOutput): number | null {
  return task.started_at && task.ended_at ? Date.parse(task.ended_at) - Date.parse(task.started_at) : null;
}

function textOf(task: TaskOutput): string {
  return task.json_dict ? JSON.stringify(task.json_dict, null, 2) : (task.raw ?? task.raw_reference?.preview ?? "");
}
