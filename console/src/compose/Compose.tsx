import "./compose.css";
import "./editor.css";
import { useMutation } from "@tanstack/react-query";
import { Info, Play } from "lucide-react";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { useApi } from "@/api/queries";
import { useIsAdmin } from "@/app/context";
import { Button, Trouble } from "@/ui/kit";
import { explanationAt, optionsAt } from "./assist";
import type { Selected } from "./CodeEditor";
import { CrewGraph } from "./CrewGraph";
import { readDrop } from "./drop";
import { CodeEditor, useEditorIsThere } from "./editor";
import { OptionsForm, idOfInput } from "./OptionsForm";
import { BLANK, type CrewFile, readProject } from "./projects";
import { type Composition, type PlacedFault, draftOf } from "./request";
import { Sources } from "./Sources";
import { SaveAsCrew } from "./StoredCrews";
import { useCheck } from "./useCheck";
import { useSubmit } from "./useSubmit";
import { useVocabulary } from "./useVocabulary";
import { CheckResult } from "./CheckResult";

interface Props {
  composition: Composition;
  onChange: (next: Composition) => void;
  onSubmitted: () => void;
  from?: string | undefined;
}

const FILE = "crew.yaml";

export function Compose({ composition, onChange, onSubmitted, from }: Props) {
  const { crew, options } = composition;
  const { api } = useApi();
  const reading = useMutation({ mutationFn: (wanted: Promise<CrewFile>) => wanted });
  const admin = useIsAdmin();
  const plain = useRef<HTMLTextAreaElement>(null);
  const selected = useRef<Selected | null>(null);
  const editorIsThere = useEditorIsThere(() => {
    const field = plain.current;
    if (field && document.activeElement === field)
      selected.current = { anchor: field.selectionStart, head: field.selectionEnd };
  });
  const takeSelected = (): Selected | null => {
    const taken = selected.current;
    selected.current = null;
    return taken;
  };
  const [dropping, setDropping] = useState(false);
  const [jump, setJump] = useState<{ line: number } | null>(null);
  const form = useRef<HTMLDivElement>(null);
  const draft = useMemo(() => draftOf(crew, options), [crew, options]);
  const check = useCheck(draft.readable);
  const { wrong, missing } = useMemo(() => {
    const told = (check.faults ?? []).map(draft.place).filter((fault) => fault !== null);
    const all = [...draft.faults, ...told];
    const asked = all.filter((fault) => fault.missing).map((fault) => fault.input ?? "");
    return { wrong: all.filter((fault) => !fault.missing), missing: [...new Set(asked)] };
  }, [draft, check.faults]);
  const submit = useSubmit(onSubmitted);
  const words = useVocabulary(draft.readable);
  const assist = {
    optionsAt: (text: string, at: number) => optionsAt(text, at, words),
    explanationAt: (text: string, at: number) => explanationAt(text, at, words),
  };
  // Inputs may still be missing: they come with each execution.
  const storable = wrong.length === 0 && (check.plan !== undefined || missing.length > 0);
  const read = (wanted: Promise<CrewFile>, take: (next: Composition) => void): void => {
    // What is told of is the latest one: nothing comes of one before that was still being read.
    reading.mutate(wanted, {
      onSuccess: (found) => take({ crew: found, options: { ...options, name: "", inputs: {} } }),
    });
  };
  const runAtOnce = (next: Composition): void => {
    onChange(next);
    const { request } = draftOf(next.crew, next.options);
    if (request) submit.go(request);
  };
  const askFor = (input: string): void => {
    form.current?.querySelector<HTMLElement>(`[id="${idOfInput(input)}"]`)?.focus();
  };
  // What is on the page is not what was chosen.
  const blocked = reading.isPending || !draft.request || wrong.length > 0;
  const run = (): void => {
    if (missing[0] !== undefined && !blocked) askFor(missing[0]);
    else if (draft.request && !blocked && !submit.busy) submit.go(draft.request);
  };
  const runByKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  };
  const edit = (text: string): void => onChange({ options, crew: { ...crew, text } });
  const goTo = ({ line }: PlacedFault): void => {
    if (line !== null) setJump({ line });
  };
  const editorFaults = useMemo(
    () =>
      wrong.flatMap((fault) =>
        fault.line !== null ? [{ line: fault.line, text: `${fault.text} ${fault.remedy}`.trim() }] : [],
      ),
    [wrong],
  );
  return (
    // The keys work wherever on the page the keyboard is.

    <main
      className="page compose"
      data-dropping={dropping}
      onKeyDownCapture={runByKey}
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setDropping(false)}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        read(readProject(api, readDrop(event.dataTransfer)), onChange);
      }}
    >
      <div className="compose-head">
        <h1>{from ? "Run again" : "Run a crew"}</h1>
        <p className="compose-state" role="status">
          {reading.isPending ? "Reading the crew…" : stateOf(wrong.length, missing.length, check.busy)}
        </p>
        <Button look="primary" className="submit" busy={submit.busy} disabled={blocked} onClick={run}>
          {!submit.busy && <Play size={14} aria-hidden />}
          {from ? "Run again" : "Run this crew"}
          <kbd className="wide-only" aria-hidden>
            Ctrl ↵
          </kbd>
        </Button>
      </div>
      {submit.error !== null && <Trouble error={submit.error} />}
      {!from && (
        <Sources
          onRead={(wanted) => read(wanted, onChange)}
          onRun={(wanted) => read(wanted, runAtOnce)}
          onBlank={() => onChange({ ...composition, crew: BLANK })}
          chosen={crew.name}
          busy={submit.busy || reading.isPending}
        />
      )}
      {reading.error && <Trouble error={reading.error} />}
      {crew.notes.map((note) => (
        <p key={note} className="notice-line">
          <Info size={14} aria-hidden />
          {note}
        </p>
      ))}
      <div className="compose-grid">
        <div className="editor-card">
          <p className="editor-name">{FILE}</p>
          <div className="editor-body">
            {editorIsThere ? (
              <CodeEditor
                value={crew.text}
                label={FILE}
                language="yaml"
                onChange={edit}
                faults={editorFaults}
                jump={jump}
                assist={assist}
                takeSelected={takeSelected}
              />
            ) : (
              <textarea
                ref={plain}
                className="plain-editor"
                aria-label={FILE}
                value={crew.text}
                spellCheck={false}
                onChange={(event) => edit(event.target.value)}
              />
            )}
          </div>
        </div>
        <div ref={form} className="compose-side">
          <CheckResult
            faults={wrong}
            missing={missing}
            plan={check.plan}
            busy={check.busy}
            error={check.error}
            onGoTo={goTo}
            onAsk={askFor}
          />
          <CrewGraph request={draft.readable} />
          <OptionsForm composition={composition} draft={draft} faults={wrong} missing={missing} onChange={onChange}>
            {admin && <SaveAsCrew request={storable ? draft.request : null} suggestion={options.name || crew.name} />}
          </OptionsForm>
        </div>
      </div>
    </main>
  );
}

function stateOf(wrong: number, missing: number, busy: boolean): string {
  if (wrong) return wrong === 1 ? "1 fault" : `${wrong} faults`;
  if (missing) return missing === 1 ? "An input is missing" : `${missing} inputs are missing`;
  return busy ? "Checking…" : "Ready";
}
