import "@/ui/card.css";
import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Json, TaskOutput } from "@/api/types";
import { formatDuration } from "@/lib/format";
import { preview, unmarked } from "@/lib/text";
import { Viewer } from "@/ui/Viewer";

export function TaskOutputCard({ task, open }: { task: TaskOutput; open: boolean }) {
  const [shown, setShown] = useState(open);
  const Icon = shown ? ChevronDown : ChevronRight;
  const skipped = task.state === "skipped";
  return (
    <article className="card">
      <h3 className="card-head">
        <button type="button" aria-expanded={shown} onClick={() => setShown(!shown)}>
          <Icon size={15} aria-hidden />
          <span className="card-number">{task.index + 1}</span>
          <bdi title={task.name}>{task.name}</bdi>
          {task.agent_role && <bdi className="faint">{task.agent_role}</bdi>}
          {skipped && <span className="tag">skipped</span>}
          {task.kept_from && <span className="tag">{task.edited ? "written by a person" : "kept"}</span>}
          <span className="card-end faint">{durationOf(task)}</span>
        </button>
      </h3>
      {!shown && !skipped && (
        <p className="card-preview faint" dir="auto">
          {unmarked(preview(task.raw ?? task.raw_reference?.preview ?? "", 200))}
        </p>
      )}
      {shown && skipped && <p className="card-preview faint">Its condition did not hold, so it was not run.</p>}
      {shown && !skipped && (
        <div className="card-body">
          {task.expected_output && (
            <p className="faint" dir="auto">
              <strong>Expected:</strong> {task.expected_output}
            </p>
          )}
          <Viewer
            name={task.name}
            value={task.json_dict ? (task.json_dict as Json) : task.raw}
            reference={task.raw_reference}
          />
        </div>
      )}
    </article>
  );
}

function durationOf(task: TaskOutput): string {
  if (!task.started_at || !task.ended_at) return "";
  return formatDuration(Date.parse(task.ended_at) - Date.parse(task.started_at));
}
