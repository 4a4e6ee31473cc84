import "./timeline-tools.css";
import { ChevronsDownUp, ChevronsUpDown, LoaderCircle, SlidersHorizontal, X } from "lucide-react";
import type { ReactNode, Ref } from "react";
import { KINDS, KIND_NAMES } from "@/trace/kinds";
import type { Filter } from "@/trace/rows";
import type { TreeNode } from "@/trace/nodes";
import type { TraceTree } from "@/trace/tree";
import { Button, IconButton } from "@/ui/kit";
import { SearchField } from "@/ui/SearchField";
import { KindIcon } from "@/ui/KindIcon";
import type { FilterBinding } from "./useFilter";

interface Props {
  tree: TraceTree;
  filter: Filter;
  bind: FilterBinding;
  field: Ref<HTMLInputElement>;
  /** The server still looks into large bodies. */
  searching: boolean;
  shownRows: number;
  children: ReactNode;
  closed: ReadonlySet<string>;
  onCloseAll: (ids: ReadonlySet<string>) => void;
  /** In little room: everything but the search is shown. */
  open: boolean;
  onOpen: (open: boolean) => void;
}

export function TimelineFilters(props: Props) {
  const { tree, filter, bind, field, searching, shownRows, closed, onCloseAll, open, onOpen, children } = props;
  const narrowed = filter.kinds.size > 0 || filter.agent !== "" || filter.search !== "" || filter.failures;
  const offered = KINDS.filter(
    (kind) => tree.kinds.has(kind) && (filter.everything || !["crew", "task", "agent", "system"].includes(kind)),
  );
  return (
    <div className="filters" role="search">
      <SearchField ref={field} label="Search the trace" value={filter.search} onSearch={bind.setSearch}>
        {searching ? (
          <LoaderCircle size={14} className="spin search-busy" aria-label="Searching" />
        ) : (
          <kbd className="wide-only">/</kbd>
        )}
      </SearchField>
      <IconButton
        label="Filters, jumps and times"
        className="icon-bordered filters-toggle"
        aria-expanded={open}
        onClick={() => onOpen(!open)}
      >
        <SlidersHorizontal size={15} aria-hidden />
      </IconButton>
      <div className="filters-more">
        {tree.agents.length > 1 && (
          <select aria-label="Agent" value={filter.agent} onChange={(event) => bind.setAgent(event.target.value)}>
            <option value="">All agents</option>
            {tree.agents.map((agent) => (
              <option key={agent} value={agent}>
                {agent}
              </option>
            ))}
          </select>
        )}
        <div className="chips" role="group" aria-label="Kinds of events">
          {offered.map((kind) => (
            <button
              key={kind}
              type="button"
              className="chip"
              aria-pressed={filter.kinds.has(kind)}
              onClick={() => bind.toggleKind(kind)}
            >
              <KindIcon kind={kind} />
              {KIND_NAMES[kind]}
            </button>
          ))}
          {tree.causes.length > 0 && (
            <button
              type="button"
              className="chip chip-failures"
              aria-pressed={filter.failures}
              onClick={bind.toggleFailures}
            >
              {tree.causes.length} {tree.causes.length === 1 ? "failure" : "failures"}
            </button>
          )}
        </div>
        <label className="check">
          <input type="checkbox" checked={filter.everything} onChange={bind.toggleEverything} />
          All events
        </label>
        <IconButton
          label={closed.size ? "Open everything" : "Close every task"}
          onClick={() => onCloseAll(closed.size ? new Set() : new Set(taskIds(tree.roots)))}
        >
          {closed.size ? <ChevronsUpDown size={15} aria-hidden /> : <ChevronsDownUp size={15} aria-hidden />}
        </IconButton>
        {children}
      </div>
      {narrowed && (
        <Button look="quiet" onClick={bind.clear}>
          <X size={14} aria-hidden />
          Clear ({shownRows} shown)
        </Button>
      )}
    </div>
  );
}

function taskIds(nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap((each) => [
    ...(each.type === "task" ? [each.id] : []),
    ...(each.type === "agent" ? taskIds(each.children) : []),
  ]);
}
