import "./progress.css";
import type { Execution } from "@/api/types";

/** How many tasks are done of how many. */
export function Progress({ execution }: { execution: Execution }) {
  const { tasks_done: done, tasks_total: total } = execution.progress;
  const told = total ? `${done} of ${total} tasks` : "not started";
  return (
    <span className={`progress progress-${execution.status.toLowerCase()}`}>
      <span
        className="progress-bar"
        role="progressbar"
        aria-label={told}
        aria-valuemin={0}
        aria-valuemax={total || 1}
        aria-valuenow={done}
      >
        <span style={{ width: `${total ? (done / total) * 100 : 0}%` }} />
      </span>
      <span>{total ? `${done}/${total}` : "–"}</span>
    </span>
  );
}
