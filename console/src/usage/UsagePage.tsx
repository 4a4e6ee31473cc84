import "./usage.css";
import { ArrowDownToLine } from "lucide-react";
import { useState } from "react";
import { useApi } from "@/api/queries";
import type { UsageBy, UsageReport, UsageRow } from "@/api/types";
import { download } from "@/lib/files";
import { formatCompact, formatCost, formatNumber } from "@/lib/format";
import { useParam, useTitle } from "@/lib/hooks";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { SettingsTable } from "@/ui/Settings";
import { Bar, Budgets } from "./Budgets";
import { BYS, readTable, useUsage } from "./usage";

/** What the group's executions used and cost, by crew, person, agent, tool, model, source or day. */
export function UsagePage() {
  useTitle("Usage");
  const { api } = useApi();
  const [chosen, setBy] = useParam("by");
  const [from, setFrom] = useParam("from");
  const [to, setTo] = useParam("to");
  const by = Object.hasOwn(BYS, chosen) ? (chosen as UsageBy) : "crew";
  const asked = { by, from, to };
  const usage = useUsage(asked);
  const [trouble, setTrouble] = useState<unknown>(null);
  const save = (): void => {
    setTrouble(null);
    readTable(api, asked).then((text) => download(`usage-${by}.csv`, "text/csv", text), setTrouble);
  };
  return (
    <main className="page">
      <div className="page-head">
        <h1>Usage</h1>
        <div className="page-actions">
          <Button look="quiet" onClick={save}>
            <ArrowDownToLine size={14} aria-hidden />
            CSV
          </Button>
        </div>
      </div>
      <Budgets />
      <div className="filters">
        <select aria-label="Sums by" value={by} onChange={(event) => setBy(event.target.value)}>
          {Object.entries(BYS).map(([value, name]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
        <label className="usage-day">
          From{" "}
          <input
            type="date"
            value={from || (usage.data?.from ?? "")}
            onChange={(event) => setFrom(event.target.value)}
          />
        </label>
        <label className="usage-day">
          to <input type="date" value={to || (usage.data?.to ?? "")} onChange={(event) => setTo(event.target.value)} />
        </label>
      </div>
      {trouble !== null && <Trouble error={trouble} />}
      {usage.isPending && <Loading />}
      {usage.error && <Trouble error={usage.error} retry={() => void usage.refetch()} />}
      {usage.data && <Report report={usage.data} />}
    </main>
  );
}

function Report({ report }: { report: UsageReport }) {
  const { by, rows, total } = report;
  if (!total.executions) return <Empty title="No execution ended on these days">Each counts on the day it ends.</Empty>;
  const most = Math.max(...rows.map((row) => row.total_usd));
  return (
    <>
      {total.unpriced > 0 && (
        <p className="faint" role="note">
          Of {formatNumber(total.unpriced)} {total.unpriced === 1 ? "execution" : "executions"} the price of a model is
          not known: those models are in no sum.
        </p>
      )}
      <SettingsTable
        label="Usage"
        head={
          <>
            <th>{BYS[by]}</th>
            <th className="usage-part" aria-label="Part of the largest" />
            <th className="col-number">Cost</th>
            <th className="col-number">Models</th>
            <th className="col-number">AWS</th>
            <th className="col-number">Executions</th>
            <th className="col-number">Failed</th>
            <th className="col-number">Calls</th>
            <th className="col-number">Tokens</th>
          </>
        }
      >
        {rows.map((row) => (
          <Line key={row.name} name={row.name || "None"} row={row} part={most > 0 ? row.total_usd / most : 0} />
        ))}
        <Line name="All" row={total} />
      </SettingsTable>
    </>
  );
}

function Line({ name, row, part }: { name: string; row: UsageRow; part?: number }) {
  const numbers = [
    ["Cost", formatCost(row.total_usd)],
    ["Models", formatCost(row.model_usd)],
    ["AWS", formatCost(row.infrastructure_usd)],
    ["Executions", formatNumber(row.executions)],
    ["Failed", formatNumber(row.failed)],
    ["Calls", formatNumber(row.model_calls + row.tool_calls)],
    ["Tokens", formatCompact(row.total_tokens)],
  ] as const;
  return (
    <tr className={part === undefined ? "usage-sum" : undefined}>
      <td>
        <bdi>{name}</bdi>
      </td>
      <td className="usage-part">{part !== undefined && <Bar part={part} />}</td>
      {numbers.map(([label, text]) => (
        <td key={label} className="col-number" data-label={label}>
          {text}
        </td>
      ))}
    </tr>
  );
}
