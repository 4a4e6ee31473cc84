import type { Approval, TaskOutput } from "@/api/types";
import type { Definition } from "@/api/queries";
import { isOpen } from "@/api/approvals";
import { preview } from "@/lib/text";
import type { TreeNode } from "@/trace/nodes";
import { tasksOf } from "@/lib/definition";

export type TaskLook = "completed" | "skipped" | "failed" | "running" | "waiting" | "open" | "never";

export interface TaskLine {
  index: number;
  name: string;
  description: string;
  agent: string;
  state: TaskLook;
  start: number | null;
  end: number | null;
  tokens: number;
  /** US dollars; null where no call has a price. */
  cost: number | null;
  attempt: number | null;
  /** What people were asked about it, in order. */
  asked: Approval[];
}

export interface Known {
  outputs: TaskOutput[];
  traced: TreeNode[];
  approvals: Approval[];
  ended: boolean;
}

/** The definition tells which tasks there are, the outputs which are finished, the trace how the others stand. */
export function taskLines(
  definition: Partial<Definition> | undefined,
  { outputs, traced, approvals, ended }: Known,
): TaskLine[] {
  const done = new Map(outputs.map((output) => [output.index, output]));
  return tasksOf(definition).map((task, index) => {
    const output = done.get(index);
    const lines = traced.filter(
      (line) => line.type === "task" && line.label === task.name && Number.isFinite(line.start),
    );
    const starts = lines.map((line) => line.start).filter(Number.isFinite);
    const ends = lines.map((line) => line.end);
    const start = starts.length ? Math.min(...starts) : output?.started_at ? Date.parse(output.started_at) : null;
    const asked = approvals.filter((each) => each.task_name === task.name).sort((a, b) => a.number - b.number);
    const finished = ended || Boolean(output);
    const told = ends.filter((end) => end !== null);
    const end = finished && told.length ? Math.max(...told) : output?.ended_at ? Date.parse(output.ended_at) : null;
    return {
      index,
      name: task.name,
      description: preview(task.description, 160),
      agent:
        output?.agent_role ?? lines.map((line) => line.id.slice(2, line.id.indexOf("|"))).find(Boolean) ?? task.agent,
      state: !ended && asked.some(isOpen) ? "waiting" : stateOf(output, lines, ended),
      start,
      end,
      tokens: lines.reduce((sum, line) => sum + line.tokens, 0),
      cost: lines.reduce<number | null>((sum, { cost }) => (cost === null ? sum : (sum ?? 0) + cost), null),
      attempt: output?.attempt ?? lines.at(-1)?.children.at(-1)?.span?.attempt ?? null,
      asked,
    };
  });
}

function stateOf(output: TaskOutput | undefined, lines: TreeNode[], ended: boolean): TaskLook {
  if (output) return output.state;
  if (!lines.length) return ended ? "never" : "open";
  if (lines.some((line) => line.failed) || ended) return "failed";
  return "running";
}
