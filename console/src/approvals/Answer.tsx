import { Suspense, lazy, useState } from "react";
import { useDefinition } from "@/api/queries";
import type { Approval } from "@/api/types";
import { tasksOf } from "@/lib/definition";
import { harmless } from "@/lib/text";
import { Loading, Trouble } from "@/ui/kit";
import { useBody } from "@/ui/useBody";
import { Viewer, textOf } from "@/ui/Viewer";

const Difference = lazy(() => import("@/ui/Difference"));

/** An answer to judge: what was asked and expected, the answer, and what changed since the draft that was sent back. */
export function Answer({ approval, earlier }: { approval: Approval; earlier: Approval | undefined }) {
  const [changes, setChanges] = useState(false);
  const definition = useDefinition(approval.execution_id);
  const task = tasksOf(definition.data).find(({ name }) => name === approval.task_name);
  return (
    <>
      {task?.description && (
        <details className="asked">
          <summary>What was asked</summary>
          <p dir="auto">{harmless(task.description)}</p>
        </details>
      )}
      {task?.expected && (
        <div className="expected">
          <h3>Expected</h3>
          <p dir="auto">{harmless(task.expected)}</p>
        </div>
      )}
      {earlier && (
        <>
          {earlier.decision?.comment && (
            <p className="sent-back" dir="auto">
              Sent back with: <q dir="auto">{harmless(earlier.decision.comment)}</q>
            </p>
          )}
          <div className="segments" role="group" aria-label="Look at">
            <button type="button" aria-pressed={!changes} onClick={() => setChanges(false)}>
              The answer
            </button>
            <button type="button" aria-pressed={changes} onClick={() => setChanges(true)}>
              What changed
            </button>
          </div>
        </>
      )}
      {earlier && changes ? (
        <Changes approval={approval} earlier={earlier} />
      ) : (
        <Viewer name={approval.task_name ?? "answer"} value={approval.output} reference={approval.output_reference} />
      )}
    </>
  );
}

function Changes({ approval, earlier }: { approval: Approval; earlier: Approval }) {
  const before = useBody(earlier.output, earlier.output_reference);
  const after = useBody(approval.output, approval.output_reference);
  const error = before.error ?? after.error;
  if (error) return <Trouble error={error} />;
  return (
    <Suspense fallback={<Loading />}>
      <Difference
        before={textOf(before.value)}
        after={textOf(after.value)}
        same="Nothing changed since the last draft."
      />
    </Suspense>
  );
}

/** The draft before an answer: the last one of the same task that was sent back. */
export function earlierDraft(approval: Approval, all: readonly Approval[] | undefined): Approval | undefined {
  return all
    ?.filter(
      ({ kind, number, task_name, decision }) =>
        kind === "answer" &&
        number < approval.number &&
        task_name === approval.task_name &&
        decision?.kind === "revise",
    )
    .sort((a, b) => a.number - b.number)
    .at(-1);
}
