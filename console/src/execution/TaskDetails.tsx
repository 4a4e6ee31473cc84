import { FastForward } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useApi, useDefinition, useResult } from "@/api/queries";
import { type Execution, type Json, isTerminal } from "@/api/types";
import { useMayWrite } from "@/app/context";
import { titleOf, decisionWords } from "@/approvals/words";
import { formatCost, formatDuration, formatMoment, formatNumber } from "@/lib/format";
import { harmless } from "@/lib/text";
import type { TreeNode } from "@/trace/nodes";
import { storyOf } from "@/trace/story";
import { Button } from "@/ui/kit";
import { Viewer } from "@/ui/Viewer";
import { tasksOf } from "@/lib/definition";
import { Section } from "./EventBody";
import { useShown } from "./ExecutionPage";
import { RerunDialog } from "./RerunDialog";
import { type FactRow, Facts } from "@/ui/Facts";

function FromHere({ execution, task }: { execution: Execution; task: string }) {
  const [from, setFrom] = useState<string | null>(null);
  return (
    <div className="panel-section">
      <Button onClick={() => setFrom(task)}>
        <FastForward size={14} aria-hidden />
        Run again from here…
      </Button>
      <RerunDialog execution={execution} from={from} onClose={() => setFrom(null)} />
    </div>
  );
}

/** One crew task from what was asked to what was answered, with everything that judged it on the way. */
export function TaskDetails({ node, now, onGoTo }: { node: TreeNode; now: number; onGoTo: (id: string) => void }) {
  const { execution, approvals, tree } = useShown();
  const { group } = useApi();
  const writes = useMayWrite();
  const definition = useDefinition(execution.execution_id);
  const result = useResult(execution);
  const task = tasksOf(definition.data).find(({ name }) => name === node.label);
  const output = result.data?.tasks.find(({ name }) => name === node.label);
  const managed = node.children.find((child) => child.kind === "task")?.span;
  const asked = (approvals.data ?? []).filter((each) => each.task_name === node.label);
  const judged = descendants(node).filter((child) => child.kind === "guardrail");
  const calls = descendants(node).filter((child) => child.kind === "llm").length;
  const role = node.parent?.label ?? "";
  const rows: FactRow[] = [
    ["Agent", role],
    [
      "Duration",
      node.end === null ? `running for ${formatDuration(now - node.start)}` : formatDuration(node.end - node.start),
    ],
    ["Started", formatMoment(node.start - tree.start)],
    ["Model calls", calls || null],
    ["Tokens", node.tokens ? formatNumber(node.tokens) : null],
    ["Cost", node.cost === null ? null : formatCost(node.cost)],
    ["Context of", task?.context.join(", ")],
  ];
  const context = managed?.first;
  const hasContext =
    context && (context.output_reference !== null || (context.output !== null && context.output !== ""));
  return (
    <>
      <Facts className="panel-facts" rows={rows} />
      {writes && isTerminal(execution.status) && task && <FromHere execution={execution} task={task.name} />}
      {task?.description && (
        <Section title="Asked">
          <Viewer name={`${node.label}-asked`} value={task.description} />
        </Section>
      )}
      {task?.expected && (
        <Section title="Expected">
          <p dir="auto">{harmless(task.expected)}</p>
        </Section>
      )}
      {hasContext && (
        <Section title="Context received">
          <Viewer name={`${node.label}-context`} value={context.output as Json} reference={context.output_reference} />
        </Section>
      )}
      {output && (
        <Section title="Answered">
          <Viewer
            name={`${node.label}-output`}
            value={output.json_dict ? (output.json_dict as Json) : output.raw}
            reference={output.raw_reference}
          />
        </Section>
      )}
      {asked.length > 0 && (
        <Section title="Asked of people">
          <ul className="panel-list">
            {asked.map((each) => (
              <li key={each.number}>
                <Link to={`/g/${group}/executions/${execution.execution_id}/approvals`}>
                  {each.decision ? decisionWords(each.decision) : titleOf(each)}
                </Link>
                {each.decision?.comment && <blockquote dir="auto">{harmless(each.decision.comment)}</blockquote>}
              </li>
            ))}
          </ul>
        </Section>
      )}
      {judged.length > 0 && (
        <Section title="Guardrails">
          <ul className="panel-list">
            {judged.map((each) => (
              <li key={each.id}>
                <button type="button" className="panel-link" onClick={() => onGoTo(each.id)}>
                  {each.failed ? "Refused" : "Judged"}
                  <bdi className="faint">{each.span ? storyOf(each.span).text : ""}</bdi>
                </button>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function descendants(node: TreeNode): TreeNode[] {
  return node.children.flatMap((child) => [child, ...descendants(child)]);
}
