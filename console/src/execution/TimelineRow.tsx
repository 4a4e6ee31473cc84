import { ChevronDown, ChevronRight, CircleAlert, CircleSlash, Flag, RotateCcw, TriangleAlert } from "lucide-react";
import { memo, useMemo } from "react";
import { formatCompact, formatDuration, formatOffset } from "@/lib/format";
import { typeName } from "@/trace/kinds";
import { type Row, detailOf } from "@/trace/rows";
import { type Interval, workOf } from "@/trace/time";
import type { TreeNode } from "@/trace/tree";
import { KindIcon } from "@/ui/KindIcon";

interface Props {
  id: string;
  row: Row;
  top: number;
  origin: number;
  total: number;
  now: number;
  chosen: boolean;
  onChoose: (row: Row, open: boolean) => void;
  onToggle: (id: string) => void;
}

export const TimelineRow = memo(function TimelineRow({
  id,
  row,
  top,
  origin,
  total,
  now,
  chosen,
  onChoose,
  onToggle,
}: Props) {
  const { node, depth, expandable, expanded } = row;
  const running = node.end === null;
  const duration =
    node.type === "start" || node.type === "attempt" || node.type === "gap" ? null : (node.end ?? now) - node.start;
  const timed = node.type !== "end" && node.type !== "system" && duration !== null && (duration > 0 || running);
  return (
    // Keys are taken by the tree as a whole: the chosen line is its active descendant.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={id}
      role="treeitem"
      tabIndex={-1}
      aria-level={depth + 1}
      aria-selected={chosen}
      {...(expandable && { "aria-expanded": expanded })}
      className={`timeline-row row-${node.type}${node.failed ? " row-failed" : ""}${running ? " row-running" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onChoose(row, true)}
    >
      <span className="cell-name" style={{ paddingInlineStart: depth * 18 }}>
        {expandable ? (
          <button
            type="button"
            className="twisty"
            tabIndex={-1}
            aria-label={expanded ? "Close" : "Open"}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(node.id);
            }}
          >
            {expanded ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
          </button>
        ) : (
          <span className="twisty" />
        )}
        <RowIcon node={node} />
        <RowText node={node} />
      </span>
      <span className="cell-tokens">{node.tokens > 0 ? formatCompact(node.tokens) : ""}</span>
      <span className="cell-duration">{timed ? formatDuration(duration) : ""}</span>
      <span className="cell-offset">
        {Number.isFinite(node.start) && node.type !== "gap" ? formatOffset(node.start - origin) : ""}
      </span>
      <span className="cell-bar" aria-hidden>
        {node.type !== "gap" && <Bar node={node} origin={origin} total={total} now={now} />}
      </span>
    </div>
  );
});

function RowIcon({ node }: { node: TreeNode }) {
  if (node.type === "gap") return <CircleAlert className="kind-icon kind-gap" size={14} aria-hidden />;
  if (node.type === "attempt") return <RotateCcw className="kind-icon" size={14} aria-hidden />;
  if (node.type === "start" || node.type === "end")
    return <Flag className="kind-icon kind-crew" size={14} aria-hidden />;
  if (node.type === "system" && !node.failed) return <CircleSlash className="kind-icon" size={14} aria-hidden />;
  if (node.failed && node.type === "span")
    return <TriangleAlert className="kind-icon kind-failed" size={14} aria-label="Failed" />;
  return <KindIcon kind={node.kind} />;
}

function RowText({ node }: { node: TreeNode }) {
  if (!node.span || node.type === "start" || node.type === "end")
    return <span className="row-label">{node.label}</span>;
  const { name, text } = detailOf(node.span);
  const label =
    node.kind === "agent"
      ? (node.span.first.agent_role ?? "Agent")
      : node.kind === "task"
        ? (node.span.first.task_name ?? "Task")
        : typeName(node.span.first.event_type);
  return (
    <>
      <span className="row-label">{node.kind === "tool" && name ? name : label}</span>
      {name && node.kind !== "tool" && <span className="row-context">{name}</span>}
      {node.span.cut && <span className="tag">unfinished</span>}
      <span className="row-preview">{text}</span>
    </>
  );
}

function Bar({ node, origin, total, now }: { node: TreeNode; origin: number; total: number; now: number }) {
  const composed = node.type === "agent" || node.type === "task";
  const work = useMemo(() => (composed ? workOf(node, now, total / 500) : null), [composed, node, now, total]);
  if (!Number.isFinite(node.start)) return null;
  const place = ({ start, end }: Interval) => ({
    left: `${(Math.max(0, start - origin) / total) * 100}%`,
    width: `max(2px, ${(Math.max(0, end - start) / total) * 100}%)`,
  });
  const whole = { start: node.start, end: node.end ?? now };
  if (work) {
    return (
      <>
        <span className="bar bar-track" style={place(whole)} />
        {work.person.map((each) => (
          <span key={`p${each.start}`} className="bar bar-part bar-human" style={place(each)} />
        ))}
        {work.tool.map((each) => (
          <span key={`t${each.start}`} className="bar bar-part bar-tool" style={place(each)} />
        ))}
        {work.model.map((each) => (
          <span key={`m${each.start}`} className="bar bar-part bar-llm" style={place(each)} />
        ))}
      </>
    );
  }
  const looks = [
    "bar",
    `bar-${node.kind}`,
    node.failed && "bar-failed",
    node.span?.cut && "bar-cut",
    node.end === null && "bar-running",
  ];
  if (whole.end - whole.start < 1)
    return (
      <span
        className={`point bar-${node.kind === "system" ? "crew" : node.kind}${node.failed ? " bar-failed" : ""}`}
        style={{ left: place(whole).left }}
      />
    );
  return <span className={looks.filter(Boolean).join(" ")} style={place(whole)} />;
}
