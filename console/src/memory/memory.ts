import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useChange } from "@/api/changes";
import { unwrap } from "@/api/client";
import { readLines } from "@/api/lines";
import { useApi } from "@/api/queries";
import type { MemoryHit, MemoryReceipt, MemoryScope } from "@/api/types";

const PAGE = 50;
/** Between two looks while a scope is on its way to another embedding model. Milliseconds. */
const PACE = 2_000;
const LISTS = ["memory-scopes", "memory-records"];

const isMoving = ({ moving_to, reason }: MemoryScope): boolean => moving_to !== null && reason === "";

/** Whether a path is what all vectors below have in common: `/crews/NAME` or `/shared`. */
export const isRoot = (path: string): boolean => path === "/shared" || /^\/crews\/[^/]+$/.test(path);

export function useScopes() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "memory-scopes"],
    refetchInterval: ({ state }) => (state.data?.some(isMoving) ? PACE : false),
    queryFn: async (): Promise<MemoryScope[]> => unwrap(await api.GET("/api/v1/memory")).scopes,
  });
}

/** What lies in the scope and below it, or in all of them; with words, only what has one of them. */
export function useRecords(scope: string, words: string) {
  const { api, group } = useApi();
  return useInfiniteQuery({
    queryKey: [group, "memory-records", scope, words],
    initialPageParam: "",
    queryFn: async ({ pageParam: cursor }) => {
      const query = { limit: PAGE, ...(scope && { scope }), ...(words && { words }), ...(cursor && { cursor }) };
      return unwrap(await api.GET("/api/v1/memory/records", { params: { query } }));
    },
    getNextPageParam: (last) => last.next_cursor,
    select: ({ pages }) => pages.flatMap((page) => page.records),
  });
}

/** The records in the scope and below it whose meaning is closest to the question. */
export function useMeaning(scope: string, question: string) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "memory-records", scope, "meaning", question],
    enabled: question !== "",
    staleTime: Infinity, // each look costs the group a vector
    queryFn: async (): Promise<MemoryHit[]> =>
      unwrap(await api.GET("/api/v1/memory/search", { params: { query: { scope, query: question, limit: PAGE } } }))
        .hits,
  });
}

export function useExport() {
  const { api } = useApi();
  return useMutation({
    mutationFn: (scope: string) =>
      readLines((cursor) =>
        api.GET("/api/v1/memory/export", {
          params: { query: { ...(scope && { scope }), ...(cursor && { cursor }) } },
          parseAs: "text",
        }),
      ),
  });
}

export type Backend = MemoryScope["backend"];
export const BACKENDS: Record<Backend, string> = { table: "the table", s3vectors: "Amazon S3 Vectors" };

/** Has the vectors of a root scope made anew; without a model, with the operator's, or with theirs in another backend. */
export function useReembed() {
  const { api } = useApi();
  return useChange(
    async ({
      scope,
      embedder,
      backend,
    }: {
      scope: string;
      embedder: string;
      backend?: Backend;
    }): Promise<MemoryScope> =>
      unwrap(
        await api.POST("/api/v1/memory/reembed", {
          body: { scope, embedder: embedder || null, backend: backend ?? null },
        }),
      ),
    LISTS,
  );
}

/** A scope with everything below it, or one record. */
export type Removal = { scope: string } | { record: string };

export function useForget() {
  const { api } = useApi();
  return useChange(
    async (what: Removal): Promise<MemoryReceipt> =>
      unwrap(
        "scope" in what
          ? await api.DELETE("/api/v1/memory/scopes/{scope}", {
              params: { path: { scope: what.scope } },
              // The path goes as it is: its slashes part what the API reads.
              pathSerializer: (path) =>
                path.replace("/{scope}", what.scope.split("/").map(encodeURIComponent).join("/")),
            })
          : await api.DELETE("/api/v1/memory/records/{record_id}", { params: { path: { record_id: what.record } } }),
      ),
    LISTS,
  );
}

export interface Branch {
  scope: MemoryScope;
  /** What it is called below the one above it. */
  name: string;
  below: Branch[];
}

/** The scopes by what lies in what. The API names every scope above one that holds something, down from the root. */
export function treeOf(scopes: readonly MemoryScope[]): Branch[] {
  const found = new Map<string, Branch>();
  const tops: Branch[] = [];
  const inOrder = (path: string): string => path.replaceAll("/", "\0"); // what is above something comes before it
  for (const scope of [...scopes].sort((a, b) => (inOrder(a.path) < inOrder(b.path) ? -1 : 1))) {
    const cut = scope.path.lastIndexOf("/");
    const above = found.get(scope.path.slice(0, cut));
    const branch = { scope, name: above ? scope.path.slice(cut + 1) : scope.path, below: [] };
    found.set(scope.path, branch);
    (above?.below ?? tops).push(branch);
  }
  return tops;
}
