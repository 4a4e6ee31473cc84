import { Download } from "lucide-react";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { useApi } from "@/api/queries";
import type { Batch, BatchRow } from "@/api/types";
import { useMayWrite } from "@/app/context";
import { download } from "@/lib/files";
import { formatCost, formatNumber } from "@/lib/format";
import { useTitle } from "@/lib/hooks";
import { Facts } from "@/ui/Facts";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { SettingsTable } from "@/ui/Settings";
import { StatusBadge, statusName } from "@/ui/StatusBadge";
import { Bar } from "./Bar";
import { isOpen, MOST_ROWS, useBatch, useChangeBatch, useResults, useRows } from "./batches";

const SHOWN = ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"] as const;

/** One batch: how far it is, what it cost, its rows, and what can be done with the whole. */
export function BatchPage() {
  const { id = "" } = useParams();
  const batch = useBatch(id);
  useTitle(batch.data?.name ?? "Batch");
  return (
    <main className="page">
      {batch.isPending && <Loading />}
      {batch.error && <Trouble error={batch.error} retry={() => void batch.refetch()} />}
      {batch.data && <Whole batch={batch.data} />}
    </main>
  );
}

function Whole({ batch }: { batch: Batch }) {
  const { counts, usage } = batch;
  return (
    <>
      <div className="page-head">
        <h1>
          <bdi>{batch.name}</bdi>
        </h1>
        <Actions batch={batch} />
      </div>
      <p>
        <StatusBadge status={batch.status} cancelling={batch.cancel_requested_at !== null} /> {batch.reason}
      </p>
      <Bar batch={batch} />
      <Facts
        rows={[
          ["Rows", formatNumber(batch.total)],
          ["Not started", formatNumber(batch.pending)],
          ["Running", `${formatNumber(counts.running)} of ${formatNumber(batch.max_concurrency)} at once`],
          ["Completed", formatNumber(counts.completed)],
          ["Failed", `${formatNumber(counts.failed)} (${formatNumber(batch.tolerated_failures)} tolerated)`],
          ["Cancelled", formatNumber(counts.cancelled)],
          ["Cost", formatCost(usage.cost_usd) + (usage.unpriced ? `, and ${usage.unpriced} without a price` : "")],
          ["Tokens", formatNumber(usage.total_tokens)],
          ["Crew", batch.crew],
          ["Round", formatNumber(batch.round)],
        ]}
      />
      <Rows batch={batch} />
    </>
  );
}

function Actions({ batch }: { batch: Batch }) {
  const mayChange = useMayWrite();
  const change = useChangeBatch(batch.batch_id);
  const results = useResults(batch.batch_id);
  const save = () =>
    results.mutate(undefined, {
      onSuccess: (text) => download(`${batch.batch_id}.jsonl`, "application/jsonl", text),
    });
  return (
    <div className="page-actions">
      {mayChange && isOpen(batch) && (
        <Button
          look="danger"
          busy={change.isPending}
          disabled={batch.cancel_requested_at !== null}
          onClick={() => change.mutate("cancel")}
        >
          Cancel
        </Button>
      )}
      {mayChange && !isOpen(batch) && batch.counts.completed < batch.total && (
        <Button busy={change.isPending} onClick={() => change.mutate("retry")}>
          Retry what did not complete
        </Button>
      )}
      <Button busy={results.isPending} onClick={save}>
        <Download size={15} aria-hidden /> Results
      </Button>
      {change.error && <Trouble error={change.error} />}
      {results.error && <Trouble error={results.error} />}
    </div>
  );
}

function Rows({ batch }: { batch: Batch }) {
  const { group } = useApi();
  const [status, setStatus] = useState<BatchRow["status"] | null>(null);
  const rows = useRows(batch, status);
  return (
    <section aria-label="Rows">
      <div className="page-head">
        <h2>Rows</h2>
        <label>
          Status{" "}
          <select value={status ?? ""} onChange={(event) => setStatus((event.target.value || null) as typeof status)}>
            <option value="">all that were started</option>
            {SHOWN.map((each) => (
              <option key={each} value={each}>
                {statusName(each)}
              </option>
            ))}
          </select>
        </label>
      </div>
      {rows.error && <Trouble error={rows.error} retry={() => void rows.refetch()} />}
      {rows.data?.length === 0 && <Empty title="No row is so" />}
      {rows.data && rows.data.length > 0 && (
        <SettingsTable
          label="Rows of the batch"
          head={
            <>
              <th className="col-number">Row</th>
              <th>Status</th>
              <th>Execution</th>
              <th className="col-number">Cost</th>
              <th>Reason</th>
            </>
          }
        >
          {rows.data.map((row) => (
            <tr key={row.row}>
              <td className="col-number">{row.row}</td>
              <td data-label="Status">
                <StatusBadge status={row.status} />
              </td>
              <td data-label="Execution">
                {row.execution_id && (
                  <Link to={`/g/${encodeURIComponent(group)}/executions/${row.execution_id}`}>
                    {row.execution_id.slice(0, 13)}
                  </Link>
                )}
              </td>
              <td className="col-number" data-label="Cost">
                {formatCost(row.cost_usd)}
              </td>
              <td data-label="Reason">{row.reason}</td>
            </tr>
          ))}
        </SettingsTable>
      )}
      {rows.data?.length === MOST_ROWS && <p className="faint">The first {MOST_ROWS}; the results have all of them.</p>}
    </section>
  );
}
