import { X } from "lucide-react";
import { useState } from "react";
import type { Budget } from "@/api/types";
import { useIsAdmin } from "@/app/context";
import { formatCost } from "@/lib/format";
import { Button, Field, IconButton, Trouble } from "@/ui/kit";
import { Columns, SettingsForm, SettingsTable } from "@/ui/Settings";
import { useBudgets, useSetBudgets } from "./usage";

/** From here on a budget is shown as nearly used, as it is announced. */
const NEAR = 0.8;

export function Bar({ part }: { part: number }) {
  return (
    <span className="mini-bar" aria-hidden>
      <span style={{ width: `${Math.min(1, part) * 100}%` }} />
    </span>
  );
}

/** What was spent of the month's budgets; an admin sets them here. */
export function Budgets() {
  const budgets = useBudgets();
  const isAdmin = useIsAdmin();
  const set = useSetBudgets();
  const known = budgets.data?.budgets ?? [];
  if (budgets.error) return <Trouble error={budgets.error} retry={() => void budgets.refetch()} />;
  if (!budgets.data || (!known.length && !isAdmin)) return null;
  const { revision } = budgets.data;
  const save = (changed: Budget[]): void => set.mutate({ budgets: changed, revision });
  const others = (crew: string | null): Budget[] => known.filter((each) => each.crew !== crew);
  return (
    <section className="budgets" aria-label="Budgets of the month">
      <h2 className="section-title">Budgets of {budgets.data.month}</h2>
      {known.length > 0 && (
        <SettingsTable
          label="Budgets"
          head={<Columns titles={["Budget", "Spent", "Used"]} actions={isAdmin && "Remove"} />}
        >
          {known.map((budget) => (
            <Line key={budget.crew} budget={budget} {...(isAdmin && { onRemove: () => save(others(budget.crew)) })} />
          ))}
        </SettingsTable>
      )}
      {isAdmin && <SetBudget onSet={(made) => save([...others(made.crew), made])} busy={set.isPending} />}
      {set.error && <Trouble error={set.error} />}
    </section>
  );
}

function Line({ budget, onRemove }: { budget: Budget; onRemove?: () => void }) {
  const { crew, limit_usd: limit, spent_usd: spent } = budget;
  const part = spent / limit;
  return (
    <tr className="usage-budget" data-state={part >= 1 ? "over" : part >= NEAR ? "near" : "fine"}>
      <td>
        <bdi>{crew ?? "The group"}</bdi>
      </td>
      <td data-label="Spent">
        {formatCost(spent)} of {formatCost(limit)}
      </td>
      <td>
        <Bar part={part} />
        {Math.round(part * 100)} %{part >= 1 && ": nothing more is started this month"}
      </td>
      {onRemove && (
        <td className="row-actions">
          <IconButton label={`Remove the budget of ${crew ?? "the group"}`} onClick={onRemove}>
            <X size={14} aria-hidden />
          </IconButton>
        </td>
      )}
    </tr>
  );
}

function SetBudget({ onSet, busy }: { onSet: (budget: Budget) => void; busy: boolean }) {
  const [crew, setCrew] = useState("");
  const [usd, setUsd] = useState("");
  const limit = Number(usd);
  const submit = () => {
    onSet({ crew: crew.trim() || null, limit_usd: limit, spent_usd: 0 });
    setCrew("");
    setUsd("");
  };
  return (
    <SettingsForm title="Set a budget" onSubmit={submit}>
      <Field label="Crew" hint="Empty for the whole group.">
        <input value={crew} maxLength={200} onChange={(event) => setCrew(event.target.value)} />
      </Field>
      <Field label="US dollars a month" hint="Warned at 80 %; from 100 % on nothing more is started.">
        <input type="number" min={0} step="any" value={usd} onChange={(event) => setUsd(event.target.value)} />
      </Field>
      <Button type="submit" busy={busy} disabled={!(limit > 0)}>
        Set
      </Button>
    </SettingsForm>
  );
}
