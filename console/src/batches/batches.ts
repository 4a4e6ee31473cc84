import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { components } from "@/api/schema";
import { unwrap } from "@/api/client";
import { readLines } from "@/api/lines";
import { useApi } from "@/api/queries";
import type { Batch, BatchRow, Json } from "@/api/types";

type Schemas = components["schemas"];

/** Between two looks while something runs. Milliseconds. */
const PACE = 2_000;
/** Rows that are shown of a batch; its results have all of them. */
export const MOST_ROWS = 100;

export const isOpen = (batch: Batch): boolean => batch.status === "RUNNING";

export function useBatches() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "batches"],
    refetchInterval: ({ state }) => (state.data?.some(isOpen) ? PACE : false),
    queryFn: async (): Promise<Batch[]> => unwrap(await api.GET("/api/v1/batches")).batches,
  });
}

export function useBatch(id: string) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "batch", id],
    refetchInterval: ({ state }) => (state.data && isOpen(state.data) ? PACE : false),
    queryFn: async (): Promise<Batch> =>
      unwrap(await api.GET("/api/v1/batches/{batch_id}", { params: { path: { batch_id: id } } })),
  });
}

/** Rows of one status, or of all. Asked for again whenever the batch has changed. */
export function useRows(batch: Batch, status: BatchRow["status"] | null) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "batch-rows", batch.batch_id, status, batch.revision],
    placeholderData: (before: BatchRow[] | undefined) => before,
    queryFn: async (): Promise<BatchRow[]> => {
      const params = { path: { batch_id: batch.batch_id }, query: { limit: MOST_ROWS, ...(status && { status }) } };
      return unwrap(await api.GET("/api/v1/batches/{batch_id}/rows", { params })).rows;
    },
  });
}

export function useCreateBatch() {
  const { api, group } = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ key, body }: { key: string; body: Record<string, Json> }): Promise<Batch> =>
      unwrap(
        await api.POST("/api/v1/batches", {
          params: { header: { "idempotency-key": key } },
          body: body as unknown as Schemas["BatchRequest"],
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: [group, "batches"] }),
  });
}

/** Cancels the whole, or runs again what did not complete. */
export function useChangeBatch(id: string) {
  const { api, group } = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (what: "cancel" | "retry"): Promise<Batch> => {
      const params = { path: { batch_id: id } };
      return unwrap(
        what === "cancel"
          ? await api.POST("/api/v1/batches/{batch_id}/cancel", { params })
          : await api.POST("/api/v1/batches/{batch_id}/retry", { params }),
      );
    },
    onSuccess: (batch) => client.setQueryData([group, "batch", id], batch),
  });
}

/** All results. */
export function useResults(id: string) {
  const { api } = useApi();
  return useMutation({
    mutationFn: () =>
      readLines((cursor) =>
        api.GET("/api/v1/batches/{batch_id}/results", {
          params: { path: { batch_id: id }, query: { limit: 100, ...(cursor && { cursor }) } },
          parseAs: "text",
        }),
      ),
  });
}
