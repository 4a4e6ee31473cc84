import { useQuery } from "@tanstack/react-query";
import { useChange } from "@/api/changes";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Erasure } from "@/api/types";

/** Between two looks while something is being removed: sweeps do it, each minute. Milliseconds. */
const PACE = 10_000;

/** What was asked to be removed, newest first, with what went. */
export function useErasures() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "erasures"],
    refetchInterval: ({ state }) => (state.data?.some((one) => one.status === "RUNNING") ? PACE : false),
    queryFn: async (): Promise<Erasure[]> => unwrap(await api.GET("/api/v1/erasures")).erasures,
  });
}

/** Has everything removed that a person submitted until now; open executions are cancelled first. */
export function useEraseUser() {
  const { api } = useApi();
  return useChange(
    async (user: string): Promise<Erasure> =>
      unwrap(await api.DELETE("/api/v1/users/{user}", { params: { path: { user } } })),
    ["erasures"],
  );
}
