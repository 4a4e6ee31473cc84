import { keepPreviousData, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { type Api, unwrap } from "@/api/client";
import { Pace, SLOWEST_MS } from "@/api/pace";
import { keys, readExecution, rememberExecution, useApi } from "@/api/queries";
import { type Execution, type ExecutionList, type Status, isTerminal } from "@/api/types";

const PAGE = 50;
const FOLLOWED_MOST = 20;

interface ListFilter {
  status: Status | "";
  crew: string;
  /** A part of the name. */
  search: string;
  /** The oldest moment, as ISO text; "" for none. */
  since: string;
}

async function readPage(
  api: Api,
  { status, crew, search, since }: ListFilter,
  cursor: string | null,
): Promise<ExecutionList> {
  const query = {
    limit: PAGE,
    ...(status && { status }),
    ...(crew && { crew }),
    ...(search && { search }),
    ...(since && { created_after: since }),
    ...(cursor && { cursor }),
  };
  return unwrap(await api.GET("/api/v1/executions", { params: { query } }));
}

/**
 * The group's executions, newest first. The newest page is looked at again and again; of older pages only what is
 * still open is, so that a long list costs no more than a short one.
 */
export function useExecutions(filter: ListFilter) {
  const { api, group } = useApi();
  const client = useQueryClient();
  const [pace] = useState(() => new Pace());
  const key = keys.executions(group, filter);
  const head = useQuery({
    queryKey: [...key, "head"],
    queryFn: () => readPage(api, filter, null),
    placeholderData: keepPreviousData,
    // A search makes the API look through many executions, so it is repeated seldom.
    refetchInterval: ({ state }) =>
      filter.search ? SLOWEST_MS : pace.next(state.dataUpdatedAt + state.errorUpdatedAt, state.data),
  });
  const firstCursor = head.data?.next_cursor ?? null;
  // Older pages are kept like answers are, so that they are there when the page is come back to. The first of them is
  // the newest page as it was then: what newer executions have pushed out of it since stays in the list.
  const olderKey = useMemo(() => [...keys.executions(group, filter), "older"], [group, filter]);
  const { data: kept } = useQuery<ExecutionList[]>({
    queryKey: olderKey,
    enabled: false,
    initialData: () => client.getQueryData<ExecutionList[]>(olderKey) ?? NO_PAGES,
    structuralSharing: false,
  });
  const [reading, setReading] = useState<{ key: string; loading: boolean; error: unknown }>(idle(key));
  const own = reading.key === JSON.stringify(key) ? reading : idle(key);
  const older = meets(head.data, kept) ? kept : NO_PAGES;
  const lastCursor = older.length ? (older.at(-1)?.next_cursor ?? null) : firstCursor;
  const loadMore = async (): Promise<void> => {
    if (!lastCursor || own.loading || !head.data) return;
    setReading({ ...own, loading: true, error: null });
    try {
      const page = await readPage(api, filter, lastCursor);
      client.setQueryData<ExecutionList[]>(olderKey, [...(older.length ? older : [head.data]), page]);
      setReading({ ...own, loading: false, error: null });
    } catch (error) {
      setReading({ ...own, loading: false, error });
    }
  };
  const merged = useMemo(() => {
    const byId = new Map<string, Execution>();
    for (const page of older) for (const each of page.executions) byId.set(each.execution_id, each);
    for (const each of head.data?.executions ?? []) byId.set(each.execution_id, each);
    return byId;
  }, [older, head.data]);
  const inHead = useMemo(() => new Set(head.data?.executions.map((each) => each.execution_id)), [head.data]);
  const followed = [...merged.values()]
    .filter((each) => !inHead.has(each.execution_id) && !isTerminal(each.status))
    .slice(0, FOLLOWED_MOST);
  const fresher = useQueries({
    queries: followed.map(({ execution_id: id }) => ({
      queryKey: keys.execution(group, id),
      queryFn: () => readExecution(api, id, undefined),
      refetchInterval: 5_000,
    })),
    combine: (results) => results.map((result) => result.data?.execution),
  });
  const executions = useMemo(() => {
    const found = new Map(merged);
    for (const each of fresher) if (each) found.set(each.execution_id, each);
    return [...found.values()].sort((a, b) => (a.execution_id < b.execution_id ? 1 : -1));
  }, [merged, fresher]);
  useEffect(() => {
    // The page of an execution opens with what the list knows of it.
    for (const each of head.data?.executions ?? []) {
      if (!client.getQueryData(keys.execution(group, each.execution_id))) rememberExecution(client, group, each);
    }
  }, [head.data, client, group]);
  return {
    head,
    executions,
    pages: Math.max(0, older.length - 1),
    hasMore: lastCursor !== null,
    loadMore,
    loadingMore: own.loading,
    moreError: own.error,
  };
}

const NO_PAGES: ExecutionList[] = [];

function idle(key: readonly unknown[]) {
  return { key: JSON.stringify(key), loading: false, error: null as unknown };
}

/** Whether nothing lies between the newest page and those kept: so many new executions may have come that it does. */
function meets(head: ExecutionList | undefined, kept: ExecutionList[]): boolean {
  const known = new Set(kept.flatMap((page) => page.executions.map((each) => each.execution_id)));
  return !head || head.executions.some((each) => known.has(each.execution_id));
}
