import "./timeline-summary.css";
import { CircleAlert, LoaderCircle } from "lucide-react";
import { useMemo } from "react";
import { formatDuration, formatNumber } from "@/lib/format";
import { gapText } from "@/trace/gaps";
import { type Frame, spentOf } from "@/trace/time";
import type { TraceTree } from "@/trace/tree";
import type { Trace } from "@/trace/useTrace";

interface Props {
  tree: TraceTree;
  frame: Frame;
  end: number;
  trace: Trace;
  running: boolean;
  /** What is missing will not come any more. */
  lost: boolean;
}

/** Where the time went, and whether the whole trace is there. The parts add up to what the head calls elapsed. */
export function TimelineSummary({ tree, frame, end, trace, running, lost }: Props) {
  const spent = useMemo(() => spentOf(new Set(tree.spans.values()), frame, end), [tree, frame, end]);
  const parts = [
    ["model", "Model", spent.model] as const,
    ...(spent.tool > 0 ? [["tool", "Tools", spent.tool] as const] : []),
    ...(spent.person > 0 ? [["person", "Waiting for people", spent.person] as const] : []),
    ...(spent.between >= 1 ? [["between", "Between calls", spent.between] as const] : []),
    ["queue", "Waiting for a start", spent.queue] as const,
    ["platform", "Platform", spent.platform] as const,
  ];
  const missing = trace.gaps.map(gapText).join("; ");
  // Of an attempt that died nobody knows how much it had told, and nothing more comes of it.
  const isFinal = lost || trace.gaps.every((gap) => gap.last === null);
  return (
    <div className="summary">
      <div className="summary-time">
        <div className="spent" aria-hidden>
          {parts.map(([kind, , ms]) => (
            <span key={kind} className={`spent-${kind}`} style={{ flexGrow: ms }} />
          ))}
        </div>
        <ul className="legend" aria-label="Where the time went">
          {parts.map(([kind, name, ms]) => (
            <li key={kind}>
              <span className={`dot spent-${kind}`} aria-hidden />
              {name} <strong>{formatDuration(ms)}</strong>
              <span className="faint">{spent.total ? ` ${Math.round((ms / spent.total) * 100)} %` : ""}</span>
            </li>
          ))}
          <li className="legend-total">
            Elapsed <strong>{formatDuration(spent.total)}</strong>
          </li>
        </ul>
      </div>
      <p className="summary-events">
        {running && <LoaderCircle size={13} className="spin" aria-hidden />}
        <span>
          {formatNumber(trace.events.length)} events
          {trace.complete ? ", complete" : running ? ", following" : ""}
        </span>
      </p>
      {!trace.complete && missing && !running && (
        <p className={isFinal ? "gaps gaps-lost" : "gaps"} role="status">
          <CircleAlert size={14} aria-hidden />
          {isFinal ? `The trace has gaps: ${missing}.` : `Not everything has arrived yet: ${missing}.`}
        </p>
      )}
    </div>
  );
}
