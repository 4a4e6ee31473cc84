import { type QueryClient, keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useContext, useState } from "react";
import { ApiContext } from "@/app/context";
import { type Api, fetchSigned, unwrap } from "./client";
import { Pace, RUNNING_FASTEST_MS, RUNNING_SLOWEST_MS, SLOWEST_MS } from "./pace";
import { type Execution, type LogLine, isTerminal } from "./types";

export function useApi(): { api: Api; group: string } {
  const value = useContext(ApiContext);
  if (!value) throw new Error("useApi needs an ApiContext");
  return value;
}

export const keys = {
  executions: (group: string, filter: object) => [group, "executions", filter] as const,
  execution: (group: string, id: string) => [group, "execution", id] as const,
  result: (group: string, id: string) => [group, "result", id] as const,
  cost: (group: string, id: string) => [group, "cost", id] as const,
  diagnosis: (group: string, id: string) => [group, "diagnosis", id] as const,
  logs: (group: string, id: string) => [group, "logs", id] as const,
  trace: (group: string, id: string) => [group, "trace", id] as const,
  definition: (group: string, id: string) => [group, "definition", id] as const,
  approvals: (group: string) => [group, "approvals"] as const,
  approvalsOf: (group: string, id: string) => [group, "approvals-of", id] as const,
};

export interface Read {
  execution: Execution;
  etag: string | null;
}

/** One execution, asked for with the ETag of what is known: an unchanged one costs an empty 304. */
export async function readExecution(
  api: Api,
  id: string,
  known: Read | undefined,
  signal?: AbortSignal,
): Promise<Read> {
  const header = known?.etag ? { "if-none-match": known.etag } : {};
  const answer = await api.GET("/api/v1/executions/{execution_id}", {
    params: { path: { execution_id: id }, header },
    ...(signal && { signal }),
  });
  if (answer.response.status === 304 && known) return known;
  return { execution: unwrap(answer), etag: answer.response.headers.get("etag") };
}

/**
 * One execution, followed while it is open: looked at again and again, more slowly while nothing changes and while it
 * waits. The API could wait for news itself, but a function that waits is paid for.
 * `background`: followed while the page is hidden, too.
 */
export function useExecution(id: string, { background = false } = {}) {
  const { api, group } = useApi();
  const client = useQueryClient();
  const [pace] = useState(() => new Pace(RUNNING_FASTEST_MS));
  const key = keys.execution(group, id);
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => readExecution(api, id, client.getQueryData<Read>(key), signal),
    select: (read) => read.execution,
    structuralSharing: false,
    refetchIntervalInBackground: background,
    refetchInterval: ({ state }) => {
      const { data } = state;
      if (data && !isOpen(data) && data.execution.traces.complete) return false;
      const runs = data?.execution.status === "RUNNING";
      return pace.next(state.dataUpdatedAt + state.errorUpdatedAt, data, runs ? RUNNING_SLOWEST_MS : SLOWEST_MS);
    },
  });
}

function isOpen(read: Read | undefined): boolean {
  return read !== undefined && !isTerminal(read.execution.status);
}

/** The outputs. Asked for again whenever the record says that another crew task is done. */
export function useResult(execution: Execution | undefined, enabled = true) {
  const { api, group } = useApi();
  const id = execution?.execution_id ?? "";
  return useQuery({
    queryKey: [...keys.result(group, id), execution?.status, execution?.progress.tasks_done],
    enabled: enabled && id !== "",
    placeholderData: keepPreviousData,
    queryFn: async () =>
      unwrap(await api.GET("/api/v1/executions/{execution_id}/result", { params: { path: { execution_id: id } } })),
  });
}

/** What it cost. Asked for again whenever the record tells of more that was used. */
export function useCost(execution: Execution) {
  const { api, group } = useApi();
  const id = execution.execution_id;
  return useQuery({
    queryKey: [...keys.cost(group, id), execution.status, execution.attempt, execution.usage.model_calls],
    placeholderData: keepPreviousData,
    queryFn: async () =>
      unwrap(await api.GET("/api/v1/executions/{execution_id}/cost", { params: { path: { execution_id: id } } })),
  });
}

/** Why it stands as it does. Asked for again whenever its record changed. */
export function useDiagnosis(execution: Execution) {
  const { api, group } = useApi();
  const id = execution.execution_id;
  return useQuery({
    queryKey: [...keys.diagnosis(group, id), execution.updated_at],
    placeholderData: keepPreviousData,
    queryFn: async () =>
      unwrap(await api.GET("/api/v1/executions/{execution_id}/why", { params: { path: { execution_id: id } } })),
  });
}

export interface Definition {
  config: Record<string, unknown>;
  inputs: Record<string, unknown>;
  /** What ran, where that was a project's own Python: `config` is an outline of it then. */
  project?: Record<string, unknown>;
}

export function useDefinition(id: string | undefined) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: keys.definition(group, id ?? ""),
    enabled: Boolean(id),
    staleTime: Infinity, // what was accepted never changes
    queryFn: async () =>
      unwrap(
        await api.GET("/api/v1/executions/{execution_id}/definition", { params: { path: { execution_id: id ?? "" } } }),
      ) as unknown as Definition,
  });
}

export interface Logs {
  lines: LogLine[];
  cursor: string | undefined;
}

/** All lines behind those that are known, page by page. */
export async function readLogs(api: Api, id: string, known: Logs | undefined): Promise<Logs> {
  let { lines, cursor } = known ?? { lines: [], cursor: undefined };
  for (;;) {
    const page = unwrap(
      await api.GET("/api/v1/executions/{execution_id}/logs", {
        params: { path: { execution_id: id }, query: { limit: 1000, ...(cursor && { after: cursor }) } },
      }),
    );
    if (page.lines.length) lines = [...lines, ...page.lines];
    cursor = page.cursor;
    if (!page.more) return known && lines === known.lines ? known : { lines, cursor };
  }
}

export function useLogs(execution: Execution) {
  const { api, group } = useApi();
  const client = useQueryClient();
  const [pace] = useState(() => new Pace());
  const key = keys.logs(group, execution.execution_id);
  const ended = isTerminal(execution.status) && execution.traces.complete;
  return useQuery({
    // The last lines may come with the last trace events, so one more look is taken when those are complete.
    queryKey: [...key, ended],
    queryFn: () =>
      readLogs(
        api,
        execution.execution_id,
        client.getQueryData<Logs>([...key, ended]) ?? client.getQueryData<Logs>([...key, false]),
      ),
    placeholderData: keepPreviousData,
    structuralSharing: false,
    refetchInterval: ({ state }) => (ended ? false : pace.next(state.dataUpdatedAt + state.errorUpdatedAt, state.data)),
  });
}

export function useHealth() {
  const { api } = useApi();
  return useQuery({
    queryKey: ["health"],
    staleTime: 300_000,
    queryFn: async () => unwrap(await api.GET("/api/v1/health")),
  });
}

const ADDRESS = "text/uri-list";

/** A large body, as text. */
export async function fetchBody(api: Api, url: string): Promise<string> {
  return (await fetchFile(api, url)).text();
}

/**
 * The same of one that may be no text. The API answers one that is too large for it by a signed address in the bucket,
 * asked for as such: a redirect would take the group's header along, which the bucket does not allow.
 */
export async function fetchFile(api: Api, url: string): Promise<Blob> {
  // The address comes in the API's own answer, and is a path of it.
  const path = url as "/api/v1/executions/{execution_id}/tasks/{index}/output";
  const answer = await api.GET(path, {
    params: { path: { execution_id: "", index: 0 } },
    headers: { accept: `${ADDRESS}, */*` },
    parseAs: "blob",
  });
  const file = unwrap<unknown>(answer) as Blob | undefined; // nothing of an empty answer
  const isAddress = answer.response.headers.get("content-type")?.startsWith(ADDRESS);
  return isAddress && file ? fetchSigned((await file.text()).trim()) : (file ?? new Blob());
}

/** What the list and the page of one execution show of it must agree. */
export function rememberExecution(client: QueryClient, group: string, execution: Execution): void {
  client.setQueryData<Read>(keys.execution(group, execution.execution_id), { execution, etag: null });
}
