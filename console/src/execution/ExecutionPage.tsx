import { useCallback } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigate, useOutletContext, useParams } from "react-router";
import { ApiProblem } from "@/api/client";
import { useApprovalsOf } from "@/api/approvals";
import { useApi, useExecution } from "@/api/queries";
import type { Execution } from "@/api/types";
import { Connection } from "@/app/Connection";
import { useKeys, useTitle } from "@/lib/hooks";
import { useTrace } from "@/trace/useTrace";
import { Empty, Loading, Trouble } from "@/ui/kit";
import { Header } from "./Header";

export interface ExecutionOutlet {
  execution: Execution;
  trace: ReturnType<typeof useTrace>;
  approvals: ReturnType<typeof useApprovalsOf>;
}

export const useShown = (): ExecutionOutlet => useOutletContext<ExecutionOutlet>();

const TABS = [
  ["", "Timeline"],
  ["result", "Result"],
  ["tasks", "Tasks"],
  ["logs", "Logs"],
  ["definition", "Definition"],
  ["approvals", "Approvals"],
] as const;

export function ExecutionPage() {
  const { id = "" } = useParams();
  const { group } = useApi();
  const look = useExecution(id);
  useTitle(look.data ? look.data.name : "Execution");
  if (look.data) return <Shown key={id} execution={look.data} look={look} />;
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

function Shown({ execution, look }: { execution: Execution; look: ReturnType<typeof useExecution> }) {
  const { group } = useApi();
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  const trace = useTrace(execution);
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
    <main className="execution">
      <Header execution={execution} trace={trace.data} />
      <nav className="tabs" aria-label="Views of this execution">
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
        <Outlet context={{ execution, trace, approvals } satisfies ExecutionOutlet} />
      </div>
    </main>
  );
}
