import { useCallback, useEffect, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { useApi, useDefinition, useExecution } from "@/api/queries";
import { useMayWrite } from "@/app/context";
import { useTitle } from "@/lib/hooks";
import { Empty, Loading, Trouble } from "@/ui/kit";
import { Compose } from "./Compose";
import { BLANK, textOf } from "./projects";
import type { Composition, Options } from "./request";
import { OF_A_PROJECT } from "./stored";

export const NO_OPTIONS: Options = {
  name: "",
  model: "",
  inputs: {},
  limits: { timeout_seconds: "", max_tokens: "", max_cost_usd: "", max_model_calls: "" },
};

/** New execution: of an example, of own text or files, or of what an earlier one ran (`?from=`). */
export function ComposePage() {
  useTitle("Run a crew");
  const writes = useMayWrite();
  const [params] = useSearchParams();
  const from = params.get("from") ?? "";
  if (!writes) {
    return (
      <main className="page">
        <Empty title="Your role may only look">Ask an admin of the group to run a crew, or for another role.</Empty>
      </main>
    );
  }
  return from ? (
    <FromExecution key={from} id={from} />
  ) : (
    <Stored key="new" name="new" initial={{ crew: BLANK, options: NO_OPTIONS }} />
  );
}

function FromExecution({ id }: { id: string }) {
  const execution = useExecution(id);
  const definition = useDefinition(id);
  // Neither the definition nor these two of the record ever change, so what was written is not overwritten by polling.
  const name = execution.data?.name;
  const limits = useMemo(() => execution.data?.limits, [execution.data]);
  const initial = useMemo<Composition | null>(() => {
    if (!definition.data || definition.data.project || !limits || !name) return null;
    const { config, inputs } = definition.data;
    return {
      crew: { name, text: textOf(config, inputs), notes: [] },
      options: {
        ...NO_OPTIONS,
        name,
        limits: {
          timeout_seconds: String(limits.timeout_seconds),
          max_tokens: limits.max_tokens ? String(limits.max_tokens) : "",
          max_cost_usd: limits.max_cost_usd ? String(limits.max_cost_usd) : "",
          max_model_calls: limits.max_model_calls ? String(limits.max_model_calls) : "",
        },
      },
    };
  }, [definition.data, limits, name]);
  const error = definition.error ?? execution.error ?? (definition.data?.project ? new Error(OF_A_PROJECT) : null);
  if (error && !initial) {
    return (
      <main className="page">
        <Trouble error={error} retry={() => void definition.refetch()} />
      </main>
    );
  }
  return initial ? <Stored name={id} initial={initial} from={id} /> : <Loading label="Reading the definition…" />;
}

/** Keeps what was written over a reload or a renewed sign-in, in this tab. */
function Stored({ name, initial, from }: { name: string; initial: Composition; from?: string }) {
  const { group } = useApi();
  const key = `stepcrew.written.${group}.${name}`;
  const [composition, setComposition] = useState<Composition>(() => restore(key) ?? initial);
  useEffect(() => {
    sessionStorage.setItem(key, JSON.stringify(composition));
  }, [key, composition]);
  const forget = useCallback(() => sessionStorage.removeItem(key), [key]);
  return <Compose composition={composition} onChange={setComposition} onSubmitted={forget} from={from} />;
}

function restore(key: string): Composition | null {
  const text = sessionStorage.getItem(key);
  return text ? (JSON.parse(text) as Composition) : null;
}
