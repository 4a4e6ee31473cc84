import { useQuery } from "@tanstack/react-query";
import type { components } from "@/api/schema";
import { useChange } from "@/api/changes";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Delivery, Webhook } from "@/api/types";

type Spec = components["schemas"]["WebhookSpec"];
export type EventName = NonNullable<Spec["events"]>[number];
export const EVENTS: readonly EventName[] = ["waiting", "completed", "failed", "cancelled", "budget"];

/** Between two looks at deliveries: they come without anybody's doing. Milliseconds. */
const PACE = 10_000;
/** How long a link is good that is switched on here; the command line can say another number. */
const LINK_DAYS = 3;

export function useWebhooks(enabled: boolean) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "webhooks"],
    enabled,
    queryFn: async (): Promise<Webhook[]> => unwrap(await api.GET("/api/v1/webhooks")).webhooks,
  });
}

export function useDeliveries(name: string) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "deliveries", name],
    refetchInterval: PACE,
    queryFn: async (): Promise<Delivery[]> =>
      unwrap(await api.GET("/api/v1/webhooks/{name}/deliveries", { params: { path: { name } } })).deliveries,
  });
}

export function useDecisionLinks() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "decision-links"],
    queryFn: async () => unwrap(await api.GET("/api/v1/decision-links")),
  });
}

export function useSetDecisionLinks() {
  const { api } = useApi();
  return useChange(
    async (enabled: boolean) => unwrap(await api.PUT("/api/v1/decision-links", { body: { enabled, days: LINK_DAYS } })),
    ["decision-links"],
  );
}

export function useRotateLinks() {
  const { api } = useApi();
  return useChange(
    async (revoke: boolean) =>
      unwrap(await api.POST("/api/v1/decision-links/rotate", { params: { query: { revoke } } })),
    ["decision-links"],
  );
}

const LISTS = ["webhooks", "deliveries"];

export function useStoreWebhook() {
  const { api } = useApi();
  return useChange(
    async ({ name, spec }: { name: string; spec: Partial<Spec> }): Promise<Webhook> =>
      unwrap(await api.PUT("/api/v1/webhooks/{name}", { params: { path: { name } }, body: spec as Spec })),
    LISTS,
  );
}

export function useRemoveWebhook() {
  const { api } = useApi();
  return useChange(async (name: string): Promise<void> => {
    unwrap(await api.DELETE("/api/v1/webhooks/{name}", { params: { path: { name } } }));
  }, LISTS);
}

export function useTestWebhook() {
  const { api } = useApi();
  return useChange(async (name: string): Promise<void> => {
    unwrap(await api.POST("/api/v1/webhooks/{name}/test", { params: { path: { name } } }));
  }, LISTS);
}

export function useRedeliver() {
  const { api } = useApi();
  return useChange(async ({ name, delivery }: { name: string; delivery: string }): Promise<void> => {
    const params = { path: { name, delivery_id: delivery } };
    unwrap(await api.POST("/api/v1/webhooks/{name}/deliveries/{delivery_id}/redeliver", { params }));
  }, LISTS);
}
