import { useState } from "react";
import { useExecution } from "@/api/queries";
import { useIdentity } from "@/app/context";
import type { Approval, Limits } from "@/api/types";
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
  const identity = useIdentity();
  const [typed, setTyped] = useState<Partial<Record<BudgetName, string>>>({});
  if (!execution) return null;
  const ceilings = identity.limits?.ceilings;
  const limits = execution.limits as Partial<Record<BudgetName, number | null>>;
  const shown = (name: BudgetName): string => {
    const now = limits[name];
    const suggested =
      typeof now === "number"
        ? String(name === approval.limit ? Math.min(now * 2, ceilings?.[name] ?? Infinity) : now)
        : "";
    return typed[name] ?? suggested;
  };
  const names = Object.keys(FIELDS) as BudgetName[];
  const given = Object.fromEntries(
    names
      .filter((name) => shown(name) !== "" && Number(shown(name)) !== limits[name])
      .map((name) => [name, Number(shown(name))]),
  ) as Partial<Record<BudgetName, number>>;
  const asked = approval.limit as BudgetName | null;
  const raised = asked === null || !(asked in FIELDS) || (given[asked] ?? 0) > (limits[asked] ?? 0);
  return (
    <>
      <div className="budget-fields">
        {names.map((name) => (
          <Field key={name} label={FIELDS[name]} hint={hintOf(limits[name], ceilings?.[name])}>
            <input
              type="number"
              min={0}
              max={ceilings?.[name] ?? undefined}
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

function hintOf(now: number | null | undefined, ceiling: number | null | undefined): string {
  const told = typeof now === "number" ? `now ${now.toLocaleString("en")}` : "no limit now";
  return typeof ceiling !== "number" ? told : `${told}, at most ${ceiling.toLocaleString("en")} in this group`;
}
