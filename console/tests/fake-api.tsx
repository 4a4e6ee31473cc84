import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { Tooltip } from "radix-ui";
import type { ReactNode } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";
import type { Api } from "@/api/client";
import type { Approval, Execution, Identity, Decision } from "@/api/types";
import { ApiContext, IdentityContext } from "@/app/context";

interface Options {
  params?: { path?: Record<string, string>; query?: Record<string, unknown> };
  body?: Record<string, unknown>;
}

export const anApproval = (more: Partial<Approval> = {}): Approval => ({
  approval_id: `01a2.${more.number ?? 1}`,
  execution_id: "01a2",
  number: 1,
  kind: "answer",
  execution_name: "report",
  question: "",
  task_name: "write",
  agent_role: "Writer",
  output: "**Tides** come and go.",
  output_reference: null,
  tools: [],
  limit: null,
  deciders: [],
  may_decide: true,
  on_timeout: "reject",
  requested_at: "2026-11-24T10:00:00Z",
  expires_at: "2099-01-01T00:00:00Z",
  decision: null,
  withdrawn_at: null,
  ...more,
});

export const anExecution = (more: Partial<Execution> = {}): Execution =>
  ({
    execution_id: "01a2",
    name: "report",
    status: "WAITING",
    message: "",
    model: "openai/x",
    source: "api",
    submitted_by: "ada",
    attempt: 1,
    created_at: "2026-11-24T10:00:00Z",
    started_at: "2026-11-24T10:00:01Z",
    ended_at: null,
    cancel_requested_at: null,
    error: null,
    progress: { tasks_done: 1, tasks_total: 4 },
    traces: { complete: false, emitted: null, recorded: 3 },
    queue_position: null,
    limits: { max_tokens: 1000 },
    usage: { model_calls: 2, prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost_usd: 0.01 },
    cost: {
      model_usd: 0.01,
      infrastructure_usd: 0.002,
      total_usd: 0.012,
      price_book: "2026-11",
      region: "us-east-1",
      estimated: true,
    },
    ...more,
  }) as unknown as Execution;

/** The API as far as people go: it keeps approvals, and the first decision counts. */
export class FakeApi {
  approvals: Approval[];
  execution: Execution;
  readonly sent: Record<string, unknown>[] = [];
  readonly bodies = new Map<string, string>();

  constructor(approvals: Approval[] = [], execution: Execution = anExecution()) {
    this.approvals = approvals;
    this.execution = execution;
  }

  decide(number: number, decision: Partial<Decision> & Pick<Decision, "kind">): void {
    const whole = {
      comment: null,
      output: null,
      output_reference: null,
      limits: null,
      decided_by: "bob@example.org",
      decided_at: "2026-11-24T11:00:00Z",
      ...decision,
    };
    this.approvals = this.approvals.map((each) => (each.number === number ? { ...each, decision: whole } : each));
  }

  GET = (path: string): Promise<unknown> => {
    const body = this.bodies.get(path);
    if (body !== undefined) return answer(200, new Blob([body]));
    if (path === "/api/v1/approvals") {
      const open = this.approvals.filter((each) => !each.decision && !each.withdrawn_at);
      return answer(200, { approvals: open, next_cursor: null });
    }
    if (path.endsWith("/approvals")) return answer(200, { approvals: this.approvals, next_cursor: null });
    if (path === "/api/v1/executions/{execution_id}") return answer(200, this.execution);
    return answer(404, { detail: `no ${path}` });
  };

  POST = (path: string, { body = {} }: Options = {}): Promise<unknown> => {
    if (!path.endsWith("/feedback")) return answer(404, {});
    this.sent.push(body);
    const asked = this.approvals.find((each) => each.approval_id === body["approval_id"]);
    if (!asked || asked.decision) return answer(409, { detail: "This was decided already." });
    const { decision: kind, ...said } = body as { decision: Decision["kind"] };
    this.decide(asked.number, { kind, ...said, decided_by: "ada@example.org" });
    return answer(202, { ...this.execution, status: "RUNNING" });
  };
}

function answer(status: number, body: unknown): Promise<unknown> {
  const response = new Response(null, { status });
  return Promise.resolve(response.ok ? { data: body, response } : { error: body, response });
}

const NONE = { timeout_seconds: null, max_tokens: null, max_cost_usd: null, max_model_calls: null };
const NO_LIMITS: Identity["limits"] = { defaults: NONE, ceilings: NONE, open_executions: 100, running_executions: 20 };

export function showWith(
  api: unknown,
  children: ReactNode,
  { role = "admin", at = "/" }: { role?: Identity["role"]; at?: string } = {},
) {
  const own = { subject: "s", email: null, group_id: "demo", groups: ["demo"] };
  const identity: Identity = { ...own, role, limits: NO_LIMITS, operator: role === "admin" };
  const page = (
    <ApiContext value={{ api: api as Api, group: "demo" }}>
      <IdentityContext value={identity}>{children}</IdentityContext>
    </ApiContext>
  );
  return render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <Tooltip.Provider>
        <RouterProvider router={createMemoryRouter([{ path: "*", element: page }], { initialEntries: [at] })} />
      </Tooltip.Provider>
    </QueryClientProvider>,
  );
}
