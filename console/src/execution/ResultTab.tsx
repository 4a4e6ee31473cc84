import "@/ui/card.css";
import { useDeferredValue } from "react";
import { useResult } from "@/api/queries";
import { type Json, isTerminal } from "@/api/types";
import { Empty, Loading, Trouble } from "@/ui/kit";
import { Artifacts } from "@/files/Artifacts";
import { Viewer } from "@/ui/Viewer";
import { useShown } from "./ExecutionPage";
import { TaskOutputCard } from "./TaskOutputCard";

/** The crew's answer, and below it what each finished task produced. */
export function ResultTab() {
  const { execution } = useShown();
  const result = useResult(execution);
  const data = useDeferredValue(result.data, undefined);
  if (result.error && !result.data) return <Trouble error={result.error} retry={() => void result.refetch()} />;
  if (!data) return <Loading label="Reading the result…" />;
  const { final, output, output_reference: reference, json_dict: json, tasks } = data;
  if (!final && !tasks.length) {
    return isTerminal(execution.status) ? (
      <Empty title="No result">The execution ended before a task was finished.</Empty>
    ) : (
      <Empty title="No result yet">The outputs of finished tasks show here while the crew works.</Empty>
    );
  }
  return (
    <div className="reading">
      {final ? (
        <section className="card card-final" aria-labelledby="final">
          <h2 id="final">Result</h2>
          <Viewer name={`${execution.name}-result`} value={json ? (json as Json) : output} reference={reference} />
        </section>
      ) : (
        <p className="notice-line">
          {isTerminal(execution.status)
            ? "The crew did not complete. What its finished tasks produced is kept."
            : "The crew is at work. So far:"}
        </p>
      )}
      <Artifacts execution={execution} />
      {(tasks.length > 1 || !final) && (
        <section aria-labelledby="outputs">
          <h2 id="outputs" className="section-title">
            Outputs of the tasks
          </h2>
          {tasks.map((task) => (
            <TaskOutputCard key={task.index} task={task} open={!final} />
          ))}
        </section>
      )}
    </div>
  );
}
