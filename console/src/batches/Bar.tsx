import "./batches.css";
import type { Batch } from "@/api/types";

/** How many rows ended, by how they ended. */
export function Bar({ batch }: { batch: Batch }) {
  const { completed, failed, cancelled } = batch.counts;
  const ended = completed + failed + cancelled;
  const parts = [
    ["completed", completed],
    ["failed", failed],
    ["cancelled", cancelled],
  ] as const;
  return (
    <span
      className="batch-bar"
      role="progressbar"
      aria-label={`${ended} of ${batch.total} rows`}
      aria-valuemin={0}
      aria-valuemax={batch.total}
      aria-valuenow={ended}
    >
      {parts.map(([status, count]) => (
        <span key={status} data-status={status} style={{ width: `${(count / batch.total) * 100}%` }} />
      ))}
    </span>
  );
}
