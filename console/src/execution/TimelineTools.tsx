import "./timeline-tools.css";
import { CircleDollarSign, type LucideIcon, Maximize2, Minus, Plus, Snail, TriangleAlert } from "lucide-react";
import type { TreeNode } from "@/trace/nodes";
import type { Row } from "@/trace/rows";
import type { TraceTree } from "@/trace/tree";
import { IconButton } from "@/ui/kit";
import type { Zoom } from "./useZoom";

interface Props {
  tree: TraceTree;
  rows: Row[];
  chosenId: string | null;
  zoom: Zoom;
  onGoTo: (id: string) => void;
}

const ZOOM = 0.6;

/** Ways to the lines that matter most, and the zoom of the waterfall. */
export function TimelineTools({ tree, rows, chosenId, zoom, onGoTo }: Props) {
  const calls = rows
    .map(({ node }) => node)
    .filter((node) => node.span && node.type === "span" && !node.children.length);
  const slowest = most(calls, (node) => (node.end === null ? 0 : node.end - node.start));
  const dearest = most(calls, (node) => node.cost ?? 0);
  const nextFailure = (): TreeNode | undefined => {
    const at = rows.findIndex(({ node }) => node.id === chosenId);
    const failed = rows.filter(({ node }) => node.cause);
    return (failed.find((row) => rows.indexOf(row) > at) ?? failed[0])?.node;
  };
  const go = (node: TreeNode | undefined): void => {
    if (node) onGoTo(node.id);
  };
  return (
    <div className="timeline-tools" role="group" aria-label="Jump and zoom">
      {tree.causes.length > 0 && <Jump icon={TriangleAlert} label="Next failure" onGo={() => go(nextFailure())} />}
      {slowest && <Jump icon={Snail} label="Slowest call" onGo={() => go(slowest)} />}
      {dearest && <Jump icon={CircleDollarSign} label="Most expensive call" onGo={() => go(dearest)} />}
      <span className="timeline-zoom">
        <IconButton label="Show less time (+)" onClick={() => zoom.by(ZOOM)}>
          <Plus size={15} aria-hidden />
        </IconButton>
        <IconButton label="Show more time (-)" disabled={!zoom.zoomed} onClick={() => zoom.by(1 / ZOOM)}>
          <Minus size={15} aria-hidden />
        </IconButton>
        <IconButton label="Show all the time (0)" disabled={!zoom.zoomed} onClick={zoom.reset}>
          <Maximize2 size={14} aria-hidden />
        </IconButton>
      </span>
    </div>
  );
}

function Jump({ icon: Icon, label, onGo }: { icon: LucideIcon; label: string; onGo: () => void }) {
  return (
    <button type="button" className="jump" onClick={onGo}>
      <Icon size={15} aria-hidden />
      {label}
    </button>
  );
}

function most(nodes: TreeNode[], value: (node: TreeNode) => number): TreeNode | undefined {
  let found: TreeNode | undefined;
  for (const node of nodes) if (value(node) > (found ? value(found) : 0)) found = node;
  return found;
}
