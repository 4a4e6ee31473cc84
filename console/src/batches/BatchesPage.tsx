import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { Batch } from "@/api/types";
import { useMayWrite } from "@/app/context";
import { formatCost, formatDateTime, formatNumber } from "@/lib/format";
import { useTitle } from "@/lib/hooks";
import { Empty, Loading, Trouble } from "@/ui/kit";
import { SettingsTable } from "@/ui/Settings";
import { StatusBadge } from "@/ui/StatusBadge";
import { Bar } from "./Bar";
import { BatchForm } from "./BatchForm";
import { useBatches } from "./batches";

/** Stored crews that run over many rows of inputs. */
export function BatchesPage() {
  useTitle("Batches");
  const batches = useBatches();
  const mayRun = useMayWrite();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Batches</h1>
        <p className="faint">A stored crew, once for each row of a file.</p>
      </div>
      {mayRun && <BatchForm />}
      {batches.isPending && <Loading />}
      {batches.error && <Trouble error={batches.error} retry={() => void batches.refetch()} />}
      {batches.data?.length === 0 && (
        <Empty title="The group has run no batches">
          {mayRun ? "Run one above, or with stepcrew batch run CREW FILE." : "Members of the group can run them."}
        </Empty>
      )}
      {batches.data && batches.data.length > 0 && <List batches={batches.data} />}
    </main>
  );
}

function List({ batches }: { batches: Batch[] }) {
  const { group } = useApi();
  return (
    <SettingsTable
      label="Batches"
      head={
        <>
          <th>Status</th>
          <th>Name</th>
          <th>Rows</th>
          <th className="col-number">Completed</th>
          <th className="col-number">Failed</th>
          <th className="col-number">Cost</th>
          <th>Started</th>
          <th>By</th>
        </>
      }
    >
      {batches.map((batch) => (
        <tr key={batch.batch_id}>
          <td>
            <StatusBadge status={batch.status} cancelling={batch.cancel_requested_at !== null} />
          </td>
          <td data-label="Name">
            <Link className="row-link" to={`/g/${encodeURIComponent(group)}/batches/${batch.batch_id}`}>
              <bdi>{batch.name}</bdi>
            </Link>{" "}
            <span className="faint">{batch.crew}</span>
          </td>
          <td data-label="Rows">
            <Bar batch={batch} /> {formatNumber(batch.total)}
          </td>
          <td className="col-number" data-label="Completed">
            {formatNumber(batch.counts.completed)}
          </td>
          <td className="col-number" data-label="Failed">
            {formatNumber(batch.counts.failed)}
          </td>
          <td className="col-number" data-label="Cost">
            {formatCost(batch.usage.cost_usd)}
          </td>
          <td data-label="Started">{formatDateTime(batch.created_at)}</td>
          <td data-label="By">{batch.submitted_by ?? ""}</td>
        </tr>
      ))}
    </SettingsTable>
  );
}
