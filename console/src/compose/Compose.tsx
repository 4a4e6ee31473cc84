import "./compose.css";
import { useQuery } from "@tanstack/react-query";
import { FileUp, FolderUp, Info } from "lucide-react";
import { Suspense, lazy, useMemo, useRef, useState } from "react";
import { examples } from "virtual:examples";
import { ApiProblem } from "@/api/client";
import { useApi } from "@/api/queries";
import { type Submission, checkSubmission } from "@/api/submit";
import type { DryRun } from "@/api/types";
import { useIsAdmin } from "@/app/context";
import { useDebounced } from "@/lib/hooks";
import { Button, Trouble } from "@/ui/kit";
import { readDrop, readFiles } from "./drop";
import { OptionsForm } from "./OptionsForm";
import { BLANK, readProject } from "./projects";
import { type Composition, type PlacedFault, draftOf } from "./request";
import { SaveAsCrew, StoredCrews } from "./StoredCrews";
import { useSubmit } from "./useSubmit";

const CodeEditor = lazy(() => import("./CodeEditor"));

interface Props {
  composition: Composition;
  onChange: (next: Composition) => void;
  onSubmitted: () => void;
  from?: string | undefined;
}

export function Compose({ composition, onChange, onSubmitted, from }: Props) {
  const { files, options } = composition;
  const [shownFile, setShownFile] = useState(0);
  const [problem, setProblem] = useState("");
  const admin = useIsAdmin();
  const [dropping, setDropping] = useState(false);
  const [jump, setJump] = useState<{ line: number } | null>(null);
  const draft = useMemo(() => draftOf(files, options), [files, options]);
  const check = useCheck(draft.request);
  const faults: PlacedFault[] = useMemo(
    () => (draft.request ? (check.faults ?? []).map(draft.place) : draft.faults),
    [draft, check.faults],
  );
  const submit = useSubmit(draft.request, onSubmitted);
  // Inputs may still be missing: they come with each execution.
  const storable = faults.every((fault) => fault.input !== null) && (check.plan !== undefined || faults.length > 0);
  const current = files.files[shownFile] ?? files.files[0];
  const load = (name: string, texts: Record<string, string>): void => {
    try {
      const next = readProject(name, texts);
      onChange({ files: next, options: { ...options, name: "", inputs: {} } });
      setShownFile(0);
      setProblem("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const loadFrom = (reading: Promise<{ name: string; files: Record<string, string> }>): void => {
    reading.then(
      (read) => load(read.name, read.files),
      (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
    );
  };
  const edit = (text: string): void => {
    const changed = files.files.map((file) => (file === current ? { ...file, text } : file));
    onChange({ options, files: { ...files, files: changed } });
  };
  const goTo = (fault: PlacedFault): void => {
    if (fault.file === null || fault.line === null) return;
    setShownFile(fault.file);
    setJump({ line: fault.line });
  };
  const editorFaults = useMemo(
    () =>
      faults.flatMap((fault) =>
        fault.file === shownFile && fault.line !== null
          ? [{ line: fault.line, text: `${fault.text} ${fault.remedy}`.trim() }]
          : [],
      ),
    [faults, shownFile],
  );
  return (
    <main
      className="page compose"
      data-dropping={dropping}
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setDropping(false)}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        loadFrom(readDrop(event.dataTransfer));
      }}
    >
      <div className="page-head">
        <h1>{from ? "Run again" : "Run a crew"}</h1>
      </div>
      {!from && (
        <Sources
          onLoad={load}
          onRead={loadFrom}
          onBlank={() => onChange({ ...composition, files: BLANK })}
          chosen={files.name}
        />
      )}
      {problem && <Trouble error={problem} />}
      {files.notes.map((note) => (
        <p key={note} className="notice-line">
          <Info size={14} aria-hidden />
          {note}
        </p>
      ))}
      <div className="compose-grid">
        <div className="editor-card">
          <div className="editor-tabs" role="tablist" aria-label="Files">
            {files.files.map((file, index) => (
              <button
                key={file.name}
                type="button"
                role="tab"
                aria-selected={index === shownFile}
                onClick={() => setShownFile(index)}
              >
                {file.name}
                {faults.some((fault) => fault.file === index) && <span className="tab-fault" aria-label="has faults" />}
              </button>
            ))}
          </div>
          <div className="editor-body" role="tabpanel" aria-label={current?.name}>
            <Suspense fallback={<pre className="raw">{current?.text}</pre>}>
              <CodeEditor
                key={current?.name}
                value={current?.text ?? ""}
                label={current?.name ?? "Crew"}
                language="yaml"
                onChange={edit}
                faults={editorFaults}
                jump={jump}
              />
            </Suspense>
          </div>
        </div>
        <OptionsForm composition={composition} draft={draft} faults={faults} onChange={onChange}>
          <Verdict faults={faults} plan={check.plan} busy={check.busy} error={check.error} onGoTo={goTo} />
          {submit.error !== null && <Trouble error={submit.error} />}
          <Button
            look="primary"
            className="submit"
            busy={submit.busy}
            disabled={!draft.request || faults.length > 0}
            onClick={submit.go}
          >
            {from ? "Run again" : "Run this crew"}
          </Button>
          {admin && <SaveAsCrew request={storable ? draft.request : null} suggestion={options.name || files.name} />}
        </OptionsForm>
      </div>
    </main>
  );
}

interface SourcesProps {
  onLoad: (name: string, files: Record<string, string>) => void;
  onRead: (reading: Promise<{ name: string; files: Record<string, string> }>) => void;
  onBlank: () => void;
  chosen: string;
}

function Sources({ onLoad, onRead, onBlank, chosen }: SourcesProps) {
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const picked = (input: HTMLInputElement): void => {
    if (input.files?.length) onRead(readFiles([...input.files]));
    input.value = "";
  };
  return (
    <div className="sources">
      <div className="source-cards" role="group" aria-label="Start from an example">
        {examples.map((example) => (
          <button
            key={example.name}
            type="button"
            className="source"
            aria-pressed={chosen === example.name}
            onClick={() => onLoad(example.name, example.files)}
          >
            <strong>{example.name}</strong>
            <span className="faint">{example.summary.replaceAll("`", "")}</span>
          </button>
        ))}
      </div>
      <StoredCrews onRead={onRead} />
      <p className="source-own">
        <span className="faint">Or bring your own: write below, drop files or a CrewAI project folder here, or</span>
        <Button onClick={() => file.current?.click()}>
          <FileUp size={14} aria-hidden />
          Open files
        </Button>
        <Button onClick={() => folder.current?.click()}>
          <FolderUp size={14} aria-hidden />
          Open a folder
        </Button>
        <Button look="quiet" onClick={onBlank}>
          Start blank
        </Button>
      </p>
      <input
        ref={file}
        type="file"
        multiple
        hidden
        aria-label="Files of a crew"
        accept=".yaml,.yml,.json,.jsonc,.py"
        onChange={(event) => picked(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="Folder of a crew"
        {...{ webkitdirectory: "" }}
        onChange={(event) => picked(event.currentTarget)}
      />
    </div>
  );
}

/** What the API says of the crew as it stands, without running it. */
function useCheck(request: object | null) {
  const { api, group } = useApi();
  const body = useDebounced(request ? JSON.stringify(request) : "", 500);
  const query = useQuery({
    queryKey: [group, "check", body],
    enabled: body !== "",
    retry: false,
    gcTime: 60_000,
    staleTime: Infinity,
    queryFn: async (): Promise<{ plan?: DryRun; problem?: ApiProblem }> => {
      try {
        return { plan: await checkSubmission(api, JSON.parse(body) as Submission) };
      } catch (error) {
        if (error instanceof ApiProblem && error.faults.length) return { problem: error };
        throw error;
      }
    },
  });
  return { plan: query.data?.plan, faults: query.data?.problem?.faults, busy: query.isFetching, error: query.error };
}

interface VerdictProps {
  faults: PlacedFault[];
  plan: DryRun | undefined;
  busy: boolean;
  error: unknown;
  onGoTo: (fault: PlacedFault) => void;
}

function Verdict({ faults, plan, busy, error, onGoTo }: VerdictProps) {
  if (faults.length) {
    return (
      <section className="verdict verdict-bad" aria-label="Faults" aria-live="polite">
        <h2>
          {faults.length} {faults.length === 1 ? "fault" : "faults"} to correct
        </h2>
        <ul>
          {faults.map((fault, index) => (
            <li key={index}>
              <button type="button" disabled={fault.line === null} onClick={() => onGoTo(fault)}>
                {fault.line !== null && <span className="fault-line">Line {fault.line}</span>} {fault.text}{" "}
                <span className="faint">{fault.remedy}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
    );
  }
  if (error) return <Trouble error={error} />;
  if (!plan || busy) return <p className="verdict faint">Checking…</p>;
  return (
    <section className="verdict verdict-good" aria-live="polite">
      <h2>Ready to run</h2>
      <p>
        {plan.tasks.length} {plan.tasks.length === 1 ? "task" : "tasks"}, {plan.agents.length}{" "}
        {plan.agents.length === 1 ? "agent" : "agents"}, {plan.process}; {plan.models.length > 1 ? "models" : "model"}{" "}
        {plan.models.join(", ") || "–"}
        {plan.tools.length > 0 && <>; tools {plan.tools.join(", ")}</>}
      </p>
    </section>
  );
}
