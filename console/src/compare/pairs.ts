import type { TaskOutput } from "@/api/types";

export interface Pair {
  name: string;
  /** Milliseconds; null where the task was not finished. */
  times: [number | null, number | null];
  /** Outputs; null where there is none. Of a very large output, its beginning. */
  texts: [string | null, string | null];
}

/** Tasks of the same name stand beside each other, in the order of the first execution, then what only the second has. */
export function pairTasks(first: TaskOutput[], second: TaskOutput[]): Pair[] {
  const names = [...new Set([...first, ...second].map((task) => task.name))];
  return names.map((name) => {
    const sides = [first, second].map((tasks) => tasks.find((task) => task.name === name));
    return { name, times: [timeOf(sides[0]), timeOf(sides[1])], texts: [textOf(sides[0]), textOf(sides[1])] };
  });
}

function timeOf(task: TaskOutput | undefined): number | null {
  return task?.started_at && task.ended_at ? Date.parse(task.ended_at) - Date.parse(task.started_at) : null;
}

function textOf(task: TaskOutput | undefined): string | null {
  if (!task) return null;
  return task.json_dict ? JSON.stringify(task.json_dict, null, 2) : (task.raw ?? task.raw_reference?.preview ?? "");
}
