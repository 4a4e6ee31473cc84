import "./question.css";
import { Suspense, lazy, useState } from "react";
import { useDefinition } from "@/api/queries";
import type { Approval } from "@/api/types";
import { tasksOf } from "@/lib/definition";
import { harmless } from "@/lib/text";
import { Trouble } from "@/ui/kit";
import { Segments } from "@/ui/Segments";
import { useBody } from "@/ui/useBody";
import { Viewer, textOf } from "@/ui/Viewer";

const Difference = lazy(() => import("@/ui/Difference"));

const LOOKS = [
  ["answer", "The answer"],
  ["changes", "What changed"],
] as const;

/** An answer to judge: what was asked and expected, the answer, and what changed since the draft that was sent back. */
export function Answer({ approval, earlier }: { approval: Approval; earlier: Approval | undefined }) {
  const [look, setLook] = useState<(typeof LOOKS)[number][0]>("answer");
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
            <p className="sent-back">
              Sent back with: “<bdi>{harmless(earlier.decision.comment)}</bdi>”
            </p>
          )}
          <Segments label="Look at" choices={LOOKS} chosen={look} onChoose={setLook} />
        </>
      )}
      {earlier && look === "changes" ? (
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
    <Suspense fallback={<p className="faint">Comparing…</p>}>
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
