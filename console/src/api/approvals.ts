import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Api, ApiProblem, unwrap } from "./client";
import { Pace } from "./pace";
import type { components } from "./schema";
import { keys, rememberExecution, useApi } from "./queries";
import type { Approval, ApprovalList, Feedback } from "./types";

const PAGE = 50;
/** How often a page that is about something else looks whether anything waits. */
const ASIDE_MS = 20_000;

export const isOpen = (approval: Approval): boolean => approval.decision === null && approval.withdrawn_at === null;

/** What waits for people in the group, oldest question first. `aside`: only for the count in the navigation. */
export function useWaiting({ aside = false } = {}) {
  const { api, group } = useApi();
  const [pace] = useState(() => new Pace());
  return useInfiniteQuery({
    queryKey: keys.approvals(group),
    initialPageParam: "",
    queryFn: async ({ pageParam: cursor }) =>
      unwrap(await api.GET("/api/v1/approvals", { params: { query: { limit: PAGE, ...(cursor && { cursor }) } } })),
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: ({ state }) =>
      aside ? ASIDE_MS : pace.next(state.dataUpdatedAt + state.errorUpdatedAt, state.data),
    select: ({ pages }) => pages.flatMap((page) => page.approvals),
  });
}

async function readApprovalsOf(api: Api, id: string): Promise<Approval[]> {
  const found: Approval[] = [];
  let cursor: string | null = null;
  do {
    const query = { limit: PAGE, ...(cursor && { cursor }) };
    const page: ApprovalList = unwrap(
      await api.GET("/api/v1/executions/{execution_id}/approvals", { params: { path: { execution_id: id }, query } }),
    );
    found.push(...page.approvals);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
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
    queryFn: () => readApprovalsOf(api, id),
    refetchInterval: ({ state }) =>
      state.data?.some(isOpen) ? pace.next(state.dataUpdatedAt + state.errorUpdatedAt, state.data) : false,
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
        await api.POST("/api/v1/executions/{execution_id}/feedback", {
          params: { path: { execution_id } },
          body: { ...feedback, approval_id } as components["schemas"]["FeedbackRequest"],
        }),
      ),
    onSuccess: (execution) => {
      rememberExecution(client, group, execution);
      void refresh();
    },
    onError: (error) => {
      if (error instanceof ApiProblem && error.status === 409) void refresh();
    },
  });
}
