import "./rerun-dialog.css";
import { useState } from "react";
import { fetchBody, useApi, useDefinition, useResult } from "@/api/queries";
import type { Execution, Json, TaskOutput } from "@/api/types";
import { formatBytes } from "@/lib/format";
import { tasksOf } from "@/lib/definition";
import { preview } from "@/lib/text";
import { Button, Field, Loading, Trouble } from "@/ui/kit";
import { Modal } from "@/ui/Modal";
import { textOf } from "@/ui/Viewer";
import { useRerun } from "./useRerun";

interface Props {
  execution: Execution;
  /** The task to begin with; null while the dialog is closed. */
  from: string | null;
  onClose: () => void;
}

/** Runs a crew again from one of its tasks on. What the tasks before it made is kept, and can be changed. */
export function RerunDialog({ execution, from, onClose }: Props) {
  return (
    <Modal
      title={`Run again from ${from ?? ""}`}
      open={from !== null}
      onClose={onClose}
      description="A new execution begins with this task. It reads the outputs below as if they had just been made; nothing before it is run or paid for again."
    >
      {from !== null && <Kept key={from} execution={execution} from={from} onClose={onClose} />}
    </Modal>
  );
}

function Kept({ execution, from, onClose }: { execution: Execution; from: string; onClose: () => void }) {
  const definition = useDefinition(execution.execution_id);
  const result = useResult(execution);
  const rerun = useRerun(execution);
  const [written, setWritten] = useState<Record<string, string>>({});
  const error = definition.error ?? result.error;
  if (error) return <Trouble error={error} />;
  if (!definition.data || !result.data) return <Loading />;
  const names = tasksOf(definition.data).map(({ name }) => name);
  const kept = names.slice(0, Math.max(0, names.indexOf(from)));
  const outputs = new Map(result.data.tasks.map((output) => [output.name, output]));
  const missing = kept.filter((name) => !outputs.has(name) && !written[name]?.trim());
  const send = (): void => {
    const changed = Object.entries(written).map(([name, text]) => [name, valueOf(text, outputs.get(name))] as const);
    rerun.mutate({ from_task: from, ...(changed.length && { task_outputs: Object.fromEntries(changed) }) });
  };
  return (
    <form className="rerun" onSubmit={(event) => event.preventDefault()}>
      {kept.length === 0 && <p className="faint">It is the first task: everything is run again.</p>}
      {kept.map((name) => (
        <KeptOutput
          key={name}
          name={name}
          output={outputs.get(name)}
          text={written[name]}
          onWrite={(text) =>
            setWritten((before) => {
              const others = Object.fromEntries(Object.entries(before).filter(([other]) => other !== name));
              return text === null ? others : { ...others, [name]: text };
            })
          }
        />
      ))}
      {missing.length > 0 && (
        <p className="field-error">Write what {missing.join(" and ")} should have made, or begin further up.</p>
      )}
      {rerun.error && <Trouble error={rerun.error} />}
      <div className="modal-actions">
        <Button onClick={onClose}>Not now</Button>
        <Button look="primary" busy={rerun.isPending} disabled={missing.length > 0} onClick={send}>
          Run from {from}
        </Button>
      </div>
    </form>
  );
}

interface KeptProps {
  name: string;
  output: TaskOutput | undefined;
  /** What was written in its place; undefined while it is kept as it is. */
  text: string | undefined;
  onWrite: (text: string | null) => void;
}

function KeptOutput({ name, output, text, onWrite }: KeptProps) {
  const { api } = useApi();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const reference = output?.raw_reference ?? null;
  const change = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      onWrite(reference ? await fetchBody(api, reference.url) : textOf((output?.json_dict as Json) ?? output?.raw));
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  if (text !== undefined || !output) {
    return (
      <Field label={name} hint={output ? "Stands in for what it made." : "It was not finished."}>
        <textarea dir="auto" rows={6} value={text ?? ""} onChange={(event) => onWrite(event.target.value)} />
        {output && (
          <span>
            <Button look="quiet" onClick={() => onWrite(null)}>
              Keep it as it was
            </Button>
          </span>
        )}
      </Field>
    );
  }
  return (
    <div className="rerun-kept">
      <div>
        <strong dir="auto">{name}</strong>{" "}
        <bdi className="faint">
          {output.state === "skipped" ? "skipped" : preview(output.raw ?? reference?.preview ?? "", 140)}
          {reference && ` (${formatBytes(reference.bytes)})`}
        </bdi>
        {error !== null && <Trouble error={error} />}
      </div>
      <Button busy={busy} onClick={() => void change()} aria-label={`Change the output of ${name}`}>
        Change
      </Button>
    </div>
  );
}

/** An output with a schema is an object; any other is its text. */
function valueOf(text: string, output: TaskOutput | undefined): Json {
  if (!output?.json_dict) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text; // the API says what is wrong with it
  }
}

/** The task that an ended execution can go on from: the first one without an output, when there are outputs to keep. */
export function unfinishedTask(names: string[], outputs: readonly TaskOutput[]): string | null {
  const done = new Set(outputs.map(({ name }) => name));
  const at = names.findIndex((name) => !done.has(name));
  return at > 0 ? (names[at] ?? null) : null;
}
