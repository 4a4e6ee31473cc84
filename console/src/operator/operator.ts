import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";

/** Between two looks at the stack, which reads every open execution. Milliseconds. */
const PACE = 30_000;
const KEY = ["operator", "stack"] as const;

export function useStack() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, ...KEY],
    refetchInterval: PACE,
    queryFn: async () => unwrap(await api.GET("/api/v1/operator/stack")),
  });
}

/** Sends the dead letters of a queue again. */
export function useRedrive() {
  const { api, group } = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (queue: string) =>
      unwrap(await api.POST("/api/v1/operator/dead-letters/{queue}/redrive", { params: { path: { queue } } })),
    onSettled: () => client.invalidateQueries({ queryKey: [group, ...KEY] }),
  });
}
