import "./outcome.css";
import { Crosshair, FastForward, ListChecks, Pencil, RotateCcw } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useApi, useDefinition, useResult } from "@/api/queries";
import type { Execution, ExecutionError } from "@/api/types";
import { useMayWrite } from "@/app/context";
import { tasksOf } from "@/lib/definition";
import type { TreeNode } from "@/trace/nodes";
import { plainError, storyOf } from "@/trace/story";
import type { TraceTree } from "@/trace/tree";
import { Button, Trouble } from "@/ui/kit";
import { RerunDialog, unfinishedTask } from "./RerunDialog";
import { useRerun } from "./useRerun";

interface Props {
  execution: Execution;
  error: ExecutionError;
  tree: TraceTree;
}

/** Why it did not complete, where that was, and what can be done about it. */
export function FailureCard({ execution, error, tree }: Props) {
  const { group } = useApi();
  const writes = useMayWrite();
  const again = useRerun(execution);
  const definition = useDefinition(execution.execution_id);
  const result = useResult(execution);
  const [changing, setChanging] = useState(false);
  const names = tasksOf(definition.data).map(({ name }) => name);
  const next = result.data ? unfinishedTask(names, result.data.tasks) : null;
  const busyWith = (task: string | undefined): boolean => again.isPending && again.variables.from_task === task;
  const cancelled = execution.status === "CANCELLED";
  const cause = causeOf(tree, error.task);
  const sentence = plainError(error.message);
  const said = cause?.span ? storyOf(cause.span).text : "";
  const base = `/g/${group}/executions/${execution.execution_id}`;
  return (
    <section className={cancelled ? "outcome outcome-quiet" : "outcome"} aria-label="Why it did not complete">
      <p className="outcome-title" role={cancelled ? undefined : "alert"} dir="auto">
        {sentence}
      </p>
      <p>
        <span className="tag">{error.category.replaceAll("_", " ")}</span>
        {error.task && (
          <>
            {" "}
            in <bdi className="outcome-task">{error.task}</bdi>.
          </>
        )}{" "}
        {error.remedy}
      </p>
      {said && said !== sentence && (
        <p className="outcome-said" dir="auto" title={said}>
          {said}
        </p>
      )}
      <div className="outcome-actions">
        {cause && (
          <Link className="button" to={`${base}?event=${encodeURIComponent(eventOf(cause))}`}>
            <Crosshair size={14} aria-hidden />
            {cause.span ? "Show the call" : "Show the task"}
          </Link>
        )}
        {writes && (
          <>
            {next && (
              <Button look="primary" busy={busyWith(next)} onClick={() => again.mutate({ from_task: next })}>
                <FastForward size={14} aria-hidden />
                <span className="clamp">Continue from {next}</span>
              </Button>
            )}
            {next && (
              <Button onClick={() => setChanging(true)}>
                <ListChecks size={14} aria-hidden />
                Change what is kept…
              </Button>
            )}
            <Button busy={busyWith(undefined)} onClick={() => again.mutate({})}>
              <RotateCcw size={14} aria-hidden />
              Run again
            </Button>
            <Link className="button" to={`/g/${group}/new?from=${execution.execution_id}`}>
              <Pencil size={13} aria-hidden />
              Change and run
            </Link>
          </>
        )}
      </div>
      {again.error && <Trouble error={again.error} />}
      <RerunDialog execution={execution} from={changing ? next : null} onClose={() => setChanging(false)} />
    </section>
  );
}

/** The last failure in the task that the error names; failures before it were got over. */
function causeOf(tree: TraceTree, task: string | null | undefined): TreeNode | undefined {
  const inTask = (line: TreeNode | undefined): boolean =>
    line !== undefined && ((line.type === "task" && line.label === task) || inTask(line.parent));
  return (task ? tree.causes.findLast(inTask) : undefined) ?? tree.causes.at(-1);
}

function eventOf(line: TreeNode): string {
  return line.span ? line.span.id : line.id;
}
