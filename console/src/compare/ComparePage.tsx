import "./compare.css";
import { ArrowLeftRight } from "lucide-react";
import { useMemo } from "react";
import { useDefinition, useExecution, useResult } from "@/api/queries";
import { formatAgo } from "@/lib/format";
import { useNow, useParam, useSetParams, useTitle } from "@/lib/hooks";
import { useExecutions } from "@/list/useExecutions";
import { Button, Loading, Trouble } from "@/ui/kit";
import { statusName } from "@/ui/StatusBadge";
import { Comparison, type Side } from "./Comparison";

/** Two executions side by side. Both stand in the address. */
export function ComparePage() {
  useTitle("Compare");
  const [a, setA] = useParam("a");
  const [b, setB] = useParam("b");
  const setParams = useSetParams();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Compare</h1>
      </div>
      <div className="compare-choice">
        <Choice label="First" value={a} onChange={setA} other={b} />
        <Button look="quiet" onClick={() => setParams({ a: b, b: a })} disabled={!a && !b} aria-label="Swap the two">
          <ArrowLeftRight size={15} aria-hidden />
        </Button>
        <Choice label="Second" value={b} onChange={setB} other={a} />
      </div>
      {a && b ? <Both key={`${a}|${b}`} a={a} b={b} /> : <p className="notice">Choose two executions of this group.</p>}
    </main>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  other: string;
  onChange: (id: string) => void;
}

/** The newest executions; those of the same crew as the other one first, because they are what is compared most. */
function Choice({ label, value, other, onChange }: ChoiceProps) {
  const { executions } = useExecutions({ status: "", crew: "", search: "", since: "" });
  const now = useNow(true, 30_000);
  const crew = executions.find((each) => each.execution_id === other)?.name;
  const ordered = [...executions]
    .filter((each) => each.execution_id !== other)
    .sort((x, y) => Number(y.name === crew) - Number(x.name === crew));
  const known = ordered.some((each) => each.execution_id === value);
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose…</option>
        {value && !known && <option value={value}>{value}</option>}
        {ordered.map((each) => (
          <option key={each.execution_id} value={each.execution_id}>
            {each.name}, {statusName(each.status).toLowerCase()}, {formatAgo(each.created_at, now)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Both({ a, b }: { a: string; b: string }) {
  const first = useSide(a);
  const second = useSide(b);
  const error = first.error ?? second.error;
  if (error) return <Trouble error={error} />;
  if (!first.side || !second.side) return <Loading label="Reading both…" />;
  return <Comparison first={first.side} second={second.side} />;
}

function useSide(id: string): { side: Side | null; error: Error | null } {
  const { data: execution, error: first } = useExecution(id);
  const { data: result, error: second } = useResult(execution);
  const { data: definition, error: third } = useDefinition(id);
  const side = useMemo(
    () => (execution && result && definition ? { execution, result, definition } : null),
    [execution, result, definition],
  );
  return { side, error: first ?? second ?? third };
}
