import type { Execution } from "@/api/types";
import type { TraceTree } from "@/trace/tree";

const list = new Intl.ListFormat("en", { type: "conjunction" });

/** What goes on at this moment, in one sentence: every task that is at work, by the agents at them. */
export function nowText(execution: Execution, tree: TraceTree): string {
  const agents = new Map<string, string[]>();
  for (const line of tree.nodes.values()) {
    if (line.type !== "task" || !Number.isFinite(line.start) || line.end !== null) continue;
    const role = line.parent?.label ?? "";
    agents.set(role, [...(agents.get(role) ?? []), line.label]);
  }
  if (agents.size > 0) {
    const parts = [...agents].map(([role, tasks]) => `${role} works on ${list.format(tasks)}`);
    return parts.join("; ");
  }
  const over = tree.roots.find((line) => line.type === "end" && line.label !== "Attempt handed over");
  if (over) return "The crew is done; the outcome is being written.";
  const { current_agent: agent, current_task: task } = execution.progress;
  if (task) return agent ? `${agent} works on ${task}` : `Now: ${task}`;
  return execution.message;
}
