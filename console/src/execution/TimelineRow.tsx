import "./timeline-row.css";
import {
  ChevronDown,
  ChevronRight,
  CircleAlert,
  CircleSlash,
  Flag,
  Hourglass,
  RotateCcw,
  TriangleAlert,
} from "lucide-react";
import { memo } from "react";
import { formatCompact, formatCost, formatDuration, formatMoment } from "@/lib/format";
import type { TreeNode } from "@/trace/nodes";
import type { Row } from "@/trace/rows";
import { storyOf } from "@/trace/story";
import { KindIcon } from "@/ui/KindIcon";
import { Bars } from "./Bars";

interface Props {
  id?: string;
  row: Row;
  top: number;
  /** When the execution was submitted. */
  origin: number;
  from: number;
  length: number;
  now: number;
  chosen: boolean;
  onChoose: (row: Row) => void;
  onToggle: (id: string) => void;
  /** A copy of a line further up, kept in sight; not part of the tree. */
  copy?: boolean;
}

export const TimelineRow = memo(function TimelineRow(props: Props) {
  const { id, row, top, origin, from, length, now, chosen, onChoose, onToggle, copy = false } = props;
  const { node, depth, expandable, expanded } = row;
  const running = node.end === null;
  const looks = [
    "timeline-grid timeline-row",
    `row-${node.type}`,
    node.failed && "row-failed",
    node.cause && "row-cause",
    !Number.isFinite(node.start) && "row-coming",
  ];
  const tree = copy
    ? {}
    : {
        id,
        role: "treeitem" as const,
        "aria-level": depth + 1,
        "aria-selected": chosen,
        ...(expandable && { "aria-expanded": expanded }),
      };
  return (
    // Keys are taken by the tree as a whole: the chosen line is its active descendant.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
    <div
      {...tree}
      className={looks.filter(Boolean).join(" ")}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onChoose(row)}
    >
      <span className="cell-name" style={{ paddingInlineStart: depth * 18 }}>
        {expandable && !copy ? (
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
      <span className="cell-cost">{node.cost ? formatCost(node.cost) : ""}</span>
      <span className="cell-tokens">{node.tokens > 0 ? formatCompact(node.tokens) : ""}</span>
      <span className="cell-duration">{timed(node) ? formatDuration((node.end ?? now) - node.start) : ""}</span>
      <span className="cell-offset">
        {Number.isFinite(node.start) && node.type !== "gap" ? formatMoment(node.start - origin) : ""}
      </span>
      <span className="cell-bar" aria-hidden>
        <Bars node={node} from={from} length={length} now={running ? now : 0} />
      </span>
    </div>
  );
});

function timed({ type, start, end }: TreeNode): boolean {
  return !["start", "attempt", "gap", "end", "system"].includes(type) && Number.isFinite(start) && end !== start;
}

function RowIcon({ node }: { node: TreeNode }) {
  if (node.type === "gap") return <CircleAlert className="kind-icon kind-gap" size={14} aria-hidden />;
  if (node.type === "phase") return <Hourglass className="kind-icon" size={14} aria-hidden />;
  if (node.type === "attempt") return <RotateCcw className="kind-icon" size={14} aria-hidden />;
  if (node.type === "start" || node.type === "end")
    return <Flag className="kind-icon kind-crew" size={14} aria-hidden />;
  if (node.type === "system" && !node.failed) return <CircleSlash className="kind-icon" size={14} aria-hidden />;
  if (node.cause) return <TriangleAlert className="kind-icon kind-failed" size={14} aria-label="Failed" />;
  return <KindIcon kind={node.kind} />;
}

function RowText({ node }: { node: TreeNode }) {
  if (!node.span || node.type === "start" || node.type === "end")
    return (
      <bdi className="row-label" title={node.label}>
        {node.label}
      </bdi>
    );
  const { label, text, outcome, aside } = storyOf(node.span);
  return (
    <>
      <bdi className="row-label">{label}</bdi>
      {node.span.cut && <span className="tag">unfinished</span>}
      <bdi className={outcome ? "row-preview row-asked" : "row-preview"} title={text}>
        {text}
      </bdi>
      {outcome && (
        <bdi className="row-preview row-outcome" title={outcome}>
          → {outcome}
        </bdi>
      )}
      {aside && <span className="row-aside">{aside}</span>}
    </>
  );
}
