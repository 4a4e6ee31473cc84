import { useQuery } from "@tanstack/react-query";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Alias, StoredCrewDocument } from "@/api/types";

/** One version of a stored crew, the latest where `version` is null. */
export function useCrew(name: string, version: number | null) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "crews", name, version],
    queryFn: async (): Promise<StoredCrewDocument> =>
      unwrap(
        await api.GET("/api/v1/crews/{name}", {
          params: { path: { name }, query: version === null ? {} : { version } },
        }),
      ),
  });
}

export function useAliases(name: string) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "crews", name, "aliases"],
    queryFn: async (): Promise<Alias[]> =>
      unwrap(await api.GET("/api/v1/crews/{name}/aliases", { params: { path: { name } } })).aliases,
  });
}
