import { X } from "lucide-react";
import { useState } from "react";
import type { Budget } from "@/api/types";
import { useIsAdmin } from "@/app/context";
import { formatCost } from "@/lib/format";
import { Button, Field, IconButton, Trouble } from "@/ui/kit";
import { SettingsForm } from "@/ui/Settings";
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
  const others = (crew: string | null): Budget[] => known.filter((each) => each.crew !== crew);
  return (
    <section aria-label="Budgets">
      <h2 className="section-title">Budgets of {budgets.data.month}</h2>
      <ul className="budgets">
        {known.map((budget) => (
          <Line
            key={budget.crew}
            budget={budget}
            {...(isAdmin && { onRemove: () => set.mutate(others(budget.crew)) })}
          />
        ))}
      </ul>
      {isAdmin && <SetBudget onSet={(made) => set.mutate([...others(made.crew), made])} busy={set.isPending} />}
      {set.error && <Trouble error={set.error} />}
    </section>
  );
}

function Line({ budget, onRemove }: { budget: Budget; onRemove?: () => void }) {
  const { crew, limit_usd: limit, spent_usd: spent } = budget;
  const part = spent / limit;
  return (
    <li data-state={part >= 1 ? "over" : part >= NEAR ? "near" : "fine"}>
      <bdi>{crew ?? "The group"}</bdi>
      <Bar part={part} />
      {formatCost(spent)} of {formatCost(limit)}, {Math.round(part * 100)} %
      {part >= 1 && ": nothing more is started this month"}
      {onRemove && (
        <IconButton label={`Remove the budget of ${crew ?? "the group"}`} onClick={onRemove}>
          <X size={14} aria-hidden />
        </IconButton>
      )}
    </li>
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
