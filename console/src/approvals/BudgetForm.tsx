import { useState } from "react";
import type { Approval } from "@/api/approvals";
import { useExecution } from "@/api/queries";
import type { Limits } from "@/api/types";
import { Field } from "@/ui/kit";
import { Send } from "./Send";

const FIELDS = { max_tokens: "Tokens", max_model_calls: "Model calls", max_cost_usd: "Cost, US dollars" } as const;
type BudgetName = keyof typeof FIELDS;

interface Props {
  approval: Approval;
  busy: boolean;
  onSend: (limits: Partial<Limits>) => void;
}

/** The execution's limits from now on. What is used up is suggested to double; the others may be changed with it. */
export function BudgetForm({ approval, busy, onSend }: Props) {
  const { data: execution } = useExecution(approval.execution_id);
  const [typed, setTyped] = useState<Partial<Record<BudgetName, string>>>({});
  if (!execution) return null;
  const limits = execution.limits as Partial<Record<BudgetName, number | null>>;
  const shown = (name: BudgetName): string => {
    const now = limits[name];
    const suggested = typeof now === "number" ? String(name === approval.limit ? now * 2 : now) : "";
    return typed[name] ?? suggested;
  };
  const names = Object.keys(FIELDS) as BudgetName[];
  const given = Object.fromEntries(
    names.filter((name) => shown(name) !== "" && Number(shown(name)) !== limits[name]).map((name) => [name, Number(shown(name))]),
  ) as Partial<Record<BudgetName, number>>;
  const asked = approval.limit as BudgetName | null;
  const raised = asked === null || !(asked in FIELDS) || (given[asked] ?? 0) > (limits[asked] ?? 0);
  return (
    <>
      <div className="budget-fields">
        {names.map((name) => (
          <Field key={name} label={FIELDS[name]} hint={typeof limits[name] === "number" ? `now ${limits[name].toLocaleString("en")}` : "no limit now"}>
            <input
              type="number"
              min={0}
              step={name === "max_cost_usd" ? "any" : 1}
              value={shown(name)}
              placeholder="no limit"
              onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
            />
          </Field>
        ))}
      </div>
      {!raised && <p className="field-error">The used-up limit must grow, or the crew would stop at once again.</p>}
      <Send label="Go on with these limits" busy={busy} disabled={!raised} onSend={() => onSend(given)} />
    </>
  );
}
