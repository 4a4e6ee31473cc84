import "./crew-graph.css";
import { useMemo } from "react";
import { type DefinedTask, agentsOf, tasksOf } from "@/lib/definition";
import type { Request } from "./request";

type Crew = Pick<Request, "config">;

const ROW = 34;
const LANE = 9;
const MOST_LANES = 5;

/** The tasks in order, who does each, and whose outputs it reads. */
export function CrewGraph({ request }: { request: Crew | null }) {
  const { tasks, roles, edges, lanes } = useMemo(() => graphOf(request), [request]);
  if (!tasks.length) return null;
  const width = lanes * LANE + 14;
  return (
    <section className="crew-graph" aria-label="The crew">
      <h2>The crew</h2>
      <ol style={{ paddingInlineStart: width }}>
        {tasks.map((task, index) => (
          <li key={index} title={[task.name, roles.get(task.agent) ?? task.agent].filter(Boolean).join(", ")}>
            <bdi className="crew-graph-task">{task.name || "task"}</bdi>
            <bdi className="crew-graph-agent">{task.agent || "the manager's choice"}</bdi>
            {task.context.length > 0 && <span className="visually-hidden">reads {task.context.join(", ")}</span>}
          </li>
        ))}
      </ol>
      <svg width={width} height={tasks.length * ROW} aria-hidden>
        {edges.map(({ from, to, lane }, index) => (
          <path key={index} d={edgePath(from, to, width, lane)} />
        ))}
        {tasks.map((task, index) => (
          <circle key={index} cx={width - 8} cy={middle(index)} r={4} data-agent={task.agent} />
        ))}
      </svg>
    </section>
  );
}

interface Edge {
  from: number;
  to: number;
  lane: number;
}

function middle(index: number): number {
  return index * ROW + ROW / 2;
}

function edgePath(from: number, to: number, width: number, lane: number): string {
  const x = width - 8;
  if (lane === 0) return `M${x} ${middle(from)}V${middle(to)}`;
  const out = x - lane * LANE;
  return `M${x} ${middle(from)}C${out} ${middle(from)},${out} ${middle(from)},${out} ${middle(from) + ROW / 2}V${middle(to) - ROW / 2}C${out} ${middle(to)},${out} ${middle(to)},${x} ${middle(to)}`;
}

function graphOf(request: Crew | null) {
  const tasks = tasksOf(request ?? undefined);
  const roles = new Map(agentsOf(request ?? undefined).map(({ name, role }) => [name, role]));
  const at = new Map(tasks.map(({ name }, index) => [name, index]));
  const edges = tasks.flatMap((task, to): Edge[] =>
    readBy(task, to, tasks).flatMap((name) => {
      const from = at.get(name);
      if (from === undefined || from >= to) return [];
      return [{ from, to, lane: Math.min(to - from - 1, MOST_LANES) }];
    }),
  );
  return { tasks, roles, edges, lanes: Math.max(0, ...edges.map(({ lane }) => lane)) };
}

/** Whose outputs a task reads; one that names none reads all before it, drawn as a line from the one before. */
function readBy(task: DefinedTask, index: number, tasks: DefinedTask[]): string[] {
  if (task.context.length || task.readsNone) return task.context;
  const before = tasks[index - 1];
  return before ? [before.name] : [];
}
