import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Api, unwrap } from "@/api/client";
import { Pace } from "@/api/pace";
import { keys, useApi } from "@/api/queries";
import type { Execution, Gap, TraceEvent } from "@/api/types";
import { isTerminal } from "@/api/types";

export interface Trace {
  events: TraceEvent[];
  cursor: string | undefined;
  gaps: Gap[];
  complete: boolean;
}

const EMPTY: Trace = { events: [], cursor: undefined, gaps: [], complete: false };
const PAGE = 500;
/** How long after its end an execution's missing events may still be on their way. */
const ARRIVING_MS = 120_000;

/** When the record tells of no event that is not here, it is looked again after so long all the same. Milliseconds. */
const ANYWAY_MS = 10_000;

/**
 * Follows one execution's events: whenever its record tells of new ones, they are fetched. Only what lies behind the
 * cursor travels; pages of a long trace show as they come. It stops when every event is there, or when the missing ones
 * have been given up.
 */
export function useTrace(execution: Execution) {
  const { api, group } = useApi();
  const client = useQueryClient();
  const [pace] = useState(() => new Pace());
  const id = execution.execution_id;
  const key = keys.trace(group, id);
  const recorded = execution.traces.recorded;
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => follow(api, client, key, id, signal),
    structuralSharing: false,
    refetchInterval: ({ state }) => {
      if (state.data?.complete || hasGivenUp(execution, Date.now())) return false;
      if (state.data && state.data.events.length >= recorded && !isTerminal(execution.status)) return ANYWAY_MS;
      return pace.next(state.dataUpdatedAt + state.errorUpdatedAt, state.data?.events);
    },
  });
  const { refetch, data } = query;
  const behind = data !== undefined && data.events.length < recorded;
  useEffect(() => {
    if (behind) void refetch({ cancelRefetch: false });
  }, [behind, recorded, refetch]);
  return query;
}

export function hasGivenUp(execution: Execution, now: number): boolean {
  return (
    isTerminal(execution.status) && execution.ended_at !== null && now - Date.parse(execution.ended_at) > ARRIVING_MS
  );
}

async function follow(
  api: Api,
  client: QueryClient,
  key: readonly unknown[],
  id: string,
  signal: AbortSignal,
): Promise<Trace> {
  let trace = client.getQueryData<Trace>(key) ?? EMPTY;
  for (;;) {
    const page = unwrap(
      await api.GET("/api/v1/executions/{execution_id}/traces", {
        params: { path: { execution_id: id }, query: { limit: PAGE, ...(trace.cursor && { after: trace.cursor }) } },
        signal,
      }),
    );
    trace = {
      events: page.events.length ? [...trace.events, ...page.events] : trace.events,
      cursor: page.cursor,
      gaps: page.gaps,
      complete: page.complete && !page.more,
    };
    if (!page.more) return trace;
    client.setQueryData(key, trace);
  }
}
