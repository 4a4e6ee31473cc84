import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useChange } from "@/api/changes";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Secret } from "@/api/types";

/** The names of the group's secrets; the API tells no values. */
export function useSecrets() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "secrets"],
    queryFn: async (): Promise<Secret[]> => unwrap(await api.GET("/api/v1/secrets")).secrets,
  });
}

export function useSetSecret() {
  const { api, group } = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ name, value }: { name: string; value: string }): Promise<Secret> =>
      unwrap(await api.PUT("/api/v1/secrets/{name}", { params: { path: { name } }, body: { value } })),
    // The value is kept nowhere: the mutation would hold it as long as the page lives.
    gcTime: 0,
    onSuccess: () => client.invalidateQueries({ queryKey: [group, "secrets"] }),
  });
}

export function useRemoveSecret() {
  const { api } = useApi();
  return useChange(
    async (name: string): Promise<void> => {
      unwrap(await api.DELETE("/api/v1/secrets/{name}", { params: { path: { name } } }));
    },
    ["secrets"],
  );
}
