import "./cost-tab.css";
import { CircleAlert } from "lucide-react";
import { useCost } from "@/api/queries";
import type { Cost } from "@/api/types";
import { formatCost, formatNumber } from "@/lib/format";
import { Loading, Trouble } from "@/ui/kit";
import { useShown } from "./ExecutionPage";

const BASES: Record<Cost["infrastructure"][number]["basis"], string> = {
  measured: "Measured by the runner",
  counted: "Follows from what the record says",
  assumed: "A typical time or size",
};

/** What it cost until now: model calls by task, agent and model, and each use of AWS. */
export function CostTab() {
  const { execution } = useShown();
  const cost = useCost(execution);
  if (cost.error && !cost.data) return <Trouble error={cost.error} retry={() => void cost.refetch()} />;
  if (!cost.data) return <Loading label="Reading the bill…" />;
  const { data } = cost;
  return (
    <div className="bill">
      <dl className="bill-sums">
        <Sum name={data.estimated ? "About" : "Total"} usd={data.total_usd} />
        <Sum name="Models" usd={data.model_usd} />
        <Sum name="AWS" usd={data.infrastructure_usd} />
      </dl>
      {data.notes.map((note) => (
        <p key={note} className="bill-note" role="note">
          <CircleAlert size={14} aria-hidden /> {note}
        </p>
      ))}
      <Shares name="Task" shares={data.by_task} />
      <Shares name="Agent" shares={data.by_agent} />
      <Shares name="Model" shares={data.by_model} />
      <section aria-label="AWS">
        <h2 className="section-title">
          AWS, at the prices of {data.region} ({data.price_book})
        </h2>
        <div className="table-scroll">
          <table className="data-table">
            <thead>
              <tr>
                <th>Use</th>
                <th className="col-number">Quantity</th>
                <th className="col-number">Cost</th>
                <th>Basis</th>
              </tr>
            </thead>
            <tbody>
              {data.infrastructure.map((line) => (
                <tr key={line.what}>
                  <td>{line.what}</td>
                  <td className="col-number">{quantity.format(line.quantity)}</td>
                  <td className="col-number" title={`${line.unit_usd} US dollars each`}>
                    ${line.usd.toFixed(7)}
                  </td>
                  <td className="faint" title={BASES[line.basis]}>
                    {line.basis}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

const quantity = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });

function Sum({ name, usd }: { name: string; usd: number | null }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{formatCost(usd)}</dd>
    </div>
  );
}

function Shares({ name, shares }: { name: string; shares: Cost["by_task"] }) {
  if (!shares.length) return null;
  return (
    <section aria-label={`By ${name.toLowerCase()}`}>
      <div className="table-scroll">
        <table className="data-table">
          <thead>
            <tr>
              <th>{name}</th>
              <th className="col-number">Model calls</th>
              <th className="col-number">Tokens</th>
              <th className="col-number">Models</th>
            </tr>
          </thead>
          <tbody>
            {shares.map((share) => (
              <tr key={share.name}>
                <td>
                  <bdi>{share.name ?? "None"}</bdi>
                </td>
                <td className="col-number">{formatNumber(share.model_calls)}</td>
                <td className="col-number">{formatNumber(share.total_tokens)}</td>
                <td className="col-number">{formatCost(share.model_usd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
