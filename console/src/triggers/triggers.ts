import type { components } from "@/api/schema";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useChange } from "@/api/changes";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Firing, Json, Trigger, TriggerTrial } from "@/api/types";

type Schemas = components["schemas"];

/** The built-in trigger: objects of the inbox that are requests themselves. */
export const REQUESTS = "inbox";

/** Between two looks at firings: they come without anybody's doing. Milliseconds. */
const PACE = 10_000;

export function useTriggers() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "triggers"],
    queryFn: async (): Promise<Trigger[]> => unwrap(await api.GET("/api/v1/triggers")).triggers,
  });
}

export function useFirings(name: string) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "firings", name],
    refetchInterval: PACE,
    queryFn: async (): Promise<Firing[]> =>
      unwrap(await api.GET("/api/v1/triggers/{name}/firings", { params: { path: { name } } })).firings,
  });
}

const LISTS = ["triggers", "firings"];

export function useStoreTrigger() {
  const { api } = useApi();
  return useChange(
    async ({ name, spec }: { name: string; spec: Record<string, Json> }): Promise<Trigger> =>
      unwrap(
        await api.PUT("/api/v1/triggers/{name}", {
          params: { path: { name } },
          body: spec as unknown as Schemas["TriggerSpec"],
        }),
      ),
    LISTS,
  );
}

export function useRemoveTrigger() {
  const { api } = useApi();
  return useChange(async (name: string): Promise<void> => {
    unwrap(await api.DELETE("/api/v1/triggers/{name}", { params: { path: { name } } }));
  }, LISTS);
}

export function useSwitchTrigger() {
  const { api } = useApi();
  return useChange(async ({ name, enabled }: { name: string; enabled: boolean }): Promise<Trigger> => {
    const params = { path: { name } };
    return unwrap(
      enabled
        ? await api.POST("/api/v1/triggers/{name}/resume", { params })
        : await api.POST("/api/v1/triggers/{name}/pause", { params }),
    );
  }, LISTS);
}

export function useTestTrigger() {
  const { api } = useApi();
  return useMutation({
    mutationFn: async ({ name, document }: { name: string; document: Json }): Promise<TriggerTrial> =>
      unwrap(
        await api.POST("/api/v1/triggers/{name}/test", {
          params: { path: { name } },
          body: { document } as Schemas["Sample"],
        }),
      ),
  });
}

export function useFireAgain() {
  const { api } = useApi();
  return useChange(
    async ({ name, firing }: { name: string; firing: string }): Promise<Firing> =>
      unwrap(
        await api.POST("/api/v1/triggers/{name}/firings/{firing_id}/fire", {
          params: { path: { name, firing_id: firing } },
        }),
      ),
    LISTS,
  );
}
