import "./bars.css";
import { memo, useMemo } from "react";
import type { TreeNode } from "@/trace/nodes";
import { type Interval, workOf } from "@/trace/time";

interface Props {
  node: TreeNode;
  /** When the first moment shown was, in ms since 1970, and how long the waterfall is. */
  from: number;
  length: number;
  now: number;
}

/** When the line was at work; of agents and tasks, when a model, a tool or a person was. */
export const Bars = memo(function Bars({ node, from, length, now }: Props) {
  const composed = node.type === "agent" || node.type === "task";
  const work = useMemo(() => (composed ? workOf(node, now, length / 500) : null), [composed, node, now, length]);
  if (!Number.isFinite(node.start) || node.type === "gap") return null;
  const until = from + length;
  const seen = ({ start, end }: Interval): boolean => end >= from && start <= until;
  const place = ({ start, end }: Interval) => {
    const left = Math.max(start, from);
    const right = Math.min(end, until);
    return {
      left: `${((left - from) / length) * 100}%`,
      width: `max(3px, ${(Math.max(0, right - left) / length) * 100}%)`,
    };
  };
  const whole = { start: node.start, end: node.end ?? now };
  if (!seen(whole)) return null;
  if (work) {
    const parts = [
      ["human", work.person],
      ["tool", work.tool],
      ["llm", work.model],
    ] as const;
    return (
      <>
        <span className={node.failed ? "bar bar-track bar-failed" : "bar bar-track"} style={place(whole)} />
        {parts.map(([kind, list]) =>
          list
            .filter(seen)
            .map((each) => (
              <span key={`${kind}${each.start}`} className={`bar bar-part bar-${kind}`} style={place(each)} />
            )),
        )}
      </>
    );
  }
  if (whole.end - whole.start < 1) {
    const kind = node.kind === "system" ? "crew" : node.kind;
    return (
      <span className={`point bar-${kind}${node.failed ? " bar-failed" : ""}`} style={{ left: place(whole).left }} />
    );
  }
  const looks = [
    "bar",
    node.type === "phase" ? "bar-phase" : `bar-${node.kind}`,
    node.failed && "bar-failed",
    node.span?.cut && "bar-cut",
    node.end === null && "bar-running",
  ];
  return <span className={looks.filter(Boolean).join(" ")} style={place(whole)} />;
});
