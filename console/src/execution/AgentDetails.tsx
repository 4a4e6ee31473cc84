import { useDefinition } from "@/api/queries";
import { formatCost, formatDuration, formatNumber } from "@/lib/format";
import type { TreeNode } from "@/trace/nodes";
import { workOf } from "@/trace/time";
import { agentsOf } from "@/lib/definition";
import { Section } from "./EventBody";
import { useShown } from "./ExecutionPage";
import { type FactRow, Facts } from "@/ui/Facts";

/** Who an agent is, what it worked on and what that took. */
export function AgentDetails({ node, now, onGoTo }: { node: TreeNode; now: number; onGoTo: (id: string) => void }) {
  const { execution } = useShown();
  const definition = useDefinition(execution.execution_id);
  const agent = agentsOf(definition.data).find(({ role }) => role === node.label);
  const work = workOf(node, now, 0);
  const sum = (list: { start: number; end: number }[]): number =>
    list.reduce((total, { start, end }) => total + end - start, 0);
  const rows: FactRow[] = [
    ["Tokens", node.tokens ? formatNumber(node.tokens) : null],
    ["Cost", node.cost === null ? null : formatCost(node.cost)],
    ["Model at work", formatDuration(sum(work.model))],
    ["Tools at work", work.tool.length ? formatDuration(sum(work.tool)) : null],
    ["Model", agent?.model],
    ["Tools", agent?.tools.join(", ")],
  ];
  const tasks = node.children.filter((child) => child.type === "task");
  return (
    <>
      <Facts className="panel-facts" rows={rows} />
      {agent && (
        <Section title="Goal">
          <p dir="auto">{agent.goal}</p>
        </Section>
      )}
      {agent?.backstory && (
        <Section title="Backstory">
          <p dir="auto">{agent.backstory}</p>
        </Section>
      )}
      {tasks.length > 0 && (
        <Section title="Tasks">
          <ul className="panel-list">
            {tasks.map((task) => (
              <li key={task.id}>
                <button type="button" className="panel-link" onClick={() => onGoTo(task.id)}>
                  <bdi>{task.label}</bdi>
                  <span className="faint">
                    {task.end === null ? "running" : formatDuration(task.end - task.start)}
                    {task.failed && ", failed"}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
