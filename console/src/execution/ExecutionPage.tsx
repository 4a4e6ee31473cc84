import "./execution.css";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigate, useOutletContext, useParams } from "react-router";
import { ApiProblem } from "@/api/client";
import { useApprovalsOf } from "@/api/approvals";
import { useApi, useDefinition, useExecution } from "@/api/queries";
import { type Execution, isTerminal } from "@/api/types";
import { Connection } from "@/app/Connection";
import { useCurrentInSight, useFocusOnOpen, useKeys, useTitle } from "@/lib/hooks";
import { frameOf } from "@/trace/time";
import { type TraceTree, buildTree } from "@/trace/tree";
import { type Trace, useTrace } from "@/trace/useTrace";
import { Empty, Loading, Trouble } from "@/ui/kit";
import { agentsOf, tasksOf } from "@/lib/definition";
import { Header } from "./Header";
import { useNotify } from "./useNotify";
import { useTabStatus } from "./useTabStatus";

interface ExecutionOutlet {
  execution: Execution;
  trace: ReturnType<typeof useTrace>;
  /** What the trace comes to. */
  tree: TraceTree;
  approvals: ReturnType<typeof useApprovalsOf>;
}

export const useShown = (): ExecutionOutlet => useOutletContext<ExecutionOutlet>();

const TABS = [
  ["", "Timeline"],
  ["result", "Result"],
  ["tasks", "Tasks"],
  ["logs", "Logs"],
  ["definition", "Definition"],
  ["cost", "Cost"],
  ["approvals", "Approvals"],
  ["why", "Why?"],
] as const;

export function ExecutionPage() {
  const { id = "" } = useParams();
  const { group } = useApi();
  const [background, setBackground] = useState(false);
  const look = useExecution(id, { background });
  useTitle("Execution");
  const begun = useDeferredValue(look.data !== undefined, false);
  if (look.data && begun) return <Shown key={id} execution={look.data} look={look} onBackground={setBackground} />;
  if (look.error instanceof ApiProblem && (look.error.status === 404 || look.error.status === 422)) {
    return (
      <main className="page">
        <Empty
          title="There is no such execution in this group"
          action={
            <Link className="button button-primary" to={`/g/${group}/executions`}>
              All executions of {group}
            </Link>
          }
        >
          It may have been deleted, or belong to another of your groups.
        </Empty>
      </main>
    );
  }
  if (look.error) {
    return (
      <main className="page">
        <Trouble error={look.error} retry={() => void look.refetch()} />
      </main>
    );
  }
  return <Loading />;
}

interface ShownProps {
  execution: Execution;
  look: ReturnType<typeof useExecution>;
  /** The execution is to be followed while the page is hidden, too. */
  onBackground: (wanted: boolean) => void;
}

function Shown({ execution, look, onBackground }: ShownProps) {
  const { group } = useApi();
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  const trace = useTrace(execution);
  const tree = useTree(execution, trace.data);
  const notify = useNotify(execution);
  const main = useRef<HTMLElement>(null);
  const tabs = useCurrentInSight();
  useFocusOnOpen(main);
  useTabStatus(execution);
  useEffect(() => onBackground(notify.on), [notify.on, onBackground]);
  const approvals = useApprovalsOf(execution.execution_id, `${execution.status} ${execution.waiting?.number ?? ""}`);
  const asked = Boolean(execution.waiting) || Boolean(approvals.data?.length) || pathname.endsWith("/approvals");
  const base = `/g/${group}/executions/${execution.execution_id}`;
  const to = useCallback((tab: string) => (tab ? `${base}/${tab}` : base), [base]);
  useKeys(({ key }) => {
    const tab = TABS[Number(key) - 1];
    if (!tab) return false;
    void navigate(to(tab[0]));
    return true;
  });
  return (
    <main ref={main} className="execution" tabIndex={-1}>
      <Header execution={execution} trace={trace.data} tree={tree} notify={notify} />
      <nav ref={tabs} className="tabs" aria-label="Views of this execution">
        {TABS.filter(([path]) => path !== "approvals" || asked).map(([path, name]) => (
          // Filters of the timeline stay while other tabs are looked at, so its link carries them.
          <NavLink key={name} end to={path === "" && pathname === base ? { pathname: base, search } : to(path)}>
            {name}
            {path === "approvals" && execution.waiting && (
              <span className="count">
                1<span className="visually-hidden"> open</span>
              </span>
            )}
          </NavLink>
        ))}
      </nav>
      <Connection looks={[look, trace]} />
      <div className="tab-body">
        <Outlet context={{ execution, trace, tree, approvals } satisfies ExecutionOutlet} />
      </div>
    </main>
  );
}

function useTree(execution: Execution, trace: Trace | undefined): TraceTree {
  const ended = isTerminal(execution.status);
  const definition = useDefinition(execution.execution_id);
  const coming = useMemo(() => {
    if (ended) return [];
    const roles = new Map(agentsOf(definition.data).map(({ name, role }) => [name, role]));
    return tasksOf(definition.data).map(({ name, agent }) => ({ name, role: roles.get(agent) ?? agent }));
  }, [definition.data, ended]);
  return useMemo(
    () =>
      buildTree(trace?.events ?? [], {
        gaps: trace?.gaps ?? [],
        ended,
        frame: frameOf(execution),
        failedTask: execution.error?.task,
        coming,
      }),
    [trace, ended, execution, coming],
  );
}
