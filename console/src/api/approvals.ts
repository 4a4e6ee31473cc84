import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiProblem, type Api, unwrap } from "./client";
import { Pace } from "./pace";
import { keys, rememberExecution, useApi } from "./queries";
import type { BodyReference, Execution, Json, Limits } from "./types";

export type ApprovalKind = "answer" | "tool" | "budget";
export type Decision = "approve" | "revise" | "reject";

export interface HeldCall {
  call_id: string;
  tool_name: string;
  arguments: Record<string, Json>;
}

export interface Verdict {
  decision: Decision;
  comment: string | null;
  output: string | null;
  limits: Limits | null;
  decided_by: string | null;
  decided_at: string;
}

export interface Approval {
  approval_id: string;
  execution_id: string;
  number: number;
  kind: ApprovalKind;
  execution_name: string;
  question: string;
  task_name: string | null;
  agent_role: string | null;
  output: string | null;
  output_reference: BodyReference | null;
  tools: HeldCall[];
  limit: string | null;
  deciders: string[];
  may_decide: boolean;
  on_timeout: Decision;
  requested_at: string;
  expires_at: string;
  verdict: Verdict | null;
  withdrawn_at: string | null;
}

export interface Waiting {
  number: number;
  kind: ApprovalKind;
  task_name: string | null;
  since: string;
  expires_at: string;
}

export interface CancelReceipt {
  requested_at: string;
  observed_at: string;
  model_calls: number | null;
  abandoned_calls: number | null;
  total_tokens: number | null;
  cost_usd: number | null;
}

export interface Feedback {
  decision: Decision;
  comment?: string;
  output?: string;
  limits?: Partial<Limits>;
}

interface ApprovalPage {
  approvals: Approval[];
  next_cursor: string | null;
}

interface Untyped {
  GET: (path: string, options?: unknown) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
  POST: (path: string, options?: unknown) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
}
const untyped = (api: Api): Untyped => api as unknown as Untyped;

const PAGE = 50;
/** How often a page that is about something else looks whether anything waits. */
const ASIDE_MS = 20_000;

export const isOpen = (approval: Approval): boolean => approval.verdict === null && approval.withdrawn_at === null;

/** What waits for people in the group, oldest question first. `aside`: only for the count in the navigation. */
export function useWaiting({ aside = false } = {}) {
  const { api, group } = useApi();
  const [pace] = useState(() => new Pace());
  return useInfiniteQuery({
    queryKey: keys.approvals(group),
    initialPageParam: "",
    queryFn: async ({ pageParam: cursor }) =>
      unwrap(
        await untyped(api).GET("/api/v1/approvals", { params: { query: { limit: PAGE, ...(cursor && { cursor }) } } }),
      ) as ApprovalPage,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: ({ state }) => (aside ? ASIDE_MS : pace.next(state.dataUpdatedAt + state.errorUpdatedAt, state.data)),
    select: ({ pages }) => pages.flatMap((page) => page.approvals),
  });
}

/**
 * Everything that was ever asked of people about one execution. It is looked at while something is open, and again
 * when `stamp` (how the execution stands) changes.
 */
export function useApprovalsOf(id: string, stamp = "") {
  const { api, group } = useApi();
  const [pace] = useState(() => new Pace());
  return useQuery({
    queryKey: [...keys.approvalsOf(group, id), stamp],
    enabled: id !== "",
    placeholderData: keepPreviousData,
    queryFn: async () =>
      (
        unwrap(
          await untyped(api).GET("/api/v1/executions/{execution_id}/approvals", { params: { path: { execution_id: id } } }),
        ) as ApprovalPage
      ).approvals,
    refetchInterval: ({ state }) => (state.data?.some(isOpen) ? pace.next(state.dataUpdatedAt + state.errorUpdatedAt, state.data) : false),
  });
}

/** Sends a decision. It names what it is about, so one that comes twice or too late changes nothing. */
export function useDecide({ approval_id, execution_id }: Approval) {
  const { api, group } = useApi();
  const client = useQueryClient();
  const refresh = (): Promise<unknown> =>
    Promise.all([
      client.invalidateQueries({ queryKey: keys.approvals(group) }),
      client.invalidateQueries({ queryKey: keys.approvalsOf(group, execution_id) }),
      client.invalidateQueries({ queryKey: keys.execution(group, execution_id) }),
    ]);
  return useMutation({
    retry: (failures, error) => failures < 2 && !(error instanceof ApiProblem),
    mutationFn: async (feedback: Feedback) =>
      unwrap(
        await untyped(api).POST("/api/v1/executions/{execution_id}/feedback", {
          params: { path: { execution_id } },
          body: { ...feedback, approval_id },
        }),
      ) as Execution,
    onSuccess: (execution) => {
      rememberExecution(client, group, execution);
      return refresh();
    },
    onError: (error) => (error instanceof ApiProblem && error.status === 409 ? refresh() : undefined),
  });
}
