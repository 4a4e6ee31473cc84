import "./panel.css";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import type { TraceTree } from "@/trace/tree";
import { Copy } from "@/ui/Copy";
import { IconButton } from "@/ui/kit";
import { KindIcon } from "@/ui/KindIcon";
import { AgentDetails } from "./AgentDetails";
import { EventDetails, titleOf } from "./EventDetails";
import { TaskDetails } from "./TaskDetails";

interface Props {
  /** An event, or the line of an agent or a task. */
  id: string;
  tree: TraceTree;
  /** The filter keeps its line out of the timeline. */
  hidden: boolean;
  now: number;
  /** The keyboard goes on in it. */
  takesKeys: boolean;
  onClose: () => void;
  onMove: (by: 1 | -1) => void;
  /** Looks at another line. */
  onGoTo: (id: string) => void;
}

/** Everything one line of the timeline has to say: an event, an agent or a task. */
export function DetailPanel({ id, tree, hidden, now, takesKeys, onClose, onMove, onGoTo }: Props) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    // In braces: newer browsers answer a promise here, which is no cleanup.
    panel.current?.scrollTo({ top: 0 });
  }, [id]);
  useEffect(() => {
    if (takesKeys) panel.current?.focus({ preventScroll: true });
  }, [takesKeys]);
  const span = tree.spans.get(id);
  const node = span ? undefined : tree.nodes.get(id);
  const shown = ((): { kind: string; title: string; body: ReactNode } => {
    if (span) return { kind: "Event", title: titleOf(span), body: <EventDetails span={span} tree={tree} /> };
    if (node?.type === "task")
      return { kind: "Task", title: node.label, body: <TaskDetails node={node} now={now} onGoTo={onGoTo} /> };
    if (node?.type === "agent")
      return { kind: "Agent", title: node.label, body: <AgentDetails node={node} now={now} onGoTo={onGoTo} /> };
    return {
      kind: "Event",
      title: `Event ${id}`,
      body: <p className="panel-note">This event is not in the trace (yet).</p>,
    };
  })();
  const kind = span?.kind ?? node?.kind;
  return (
    <aside ref={panel} className="panel" aria-label={shown.kind} tabIndex={-1}>
      <header className="panel-head">
        {kind && <KindIcon kind={kind} size={16} />}
        <h2 dir="auto" title={shown.title}>
          {shown.title}
        </h2>
        <div className="panel-tools">
          <IconButton label="Previous (k)" onClick={() => onMove(-1)}>
            <ChevronUp size={16} aria-hidden />
          </IconButton>
          <IconButton label="Next (j)" onClick={() => onMove(1)}>
            <ChevronDown size={16} aria-hidden />
          </IconButton>
          <Copy link label="Copy a link to this" text={() => window.location.href} />
          <IconButton label="Close (Esc)" onClick={onClose}>
            <X size={16} aria-hidden />
          </IconButton>
        </div>
      </header>
      {hidden && <p className="panel-note faint">The filter hides this in the timeline.</p>}
      {shown.body}
    </aside>
  );
}
