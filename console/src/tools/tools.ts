import { useQuery } from "@tanstack/react-query";
import { useChange } from "@/api/changes";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { ConnectionList, ConnectionSpec, ModelPrice, Tool } from "@/api/types";

export function useTools() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "tools"],
    queryFn: async (): Promise<Tool[]> => unwrap(await api.GET("/api/v1/tools")),
  });
}

export function useRemoveTool() {
  const { api } = useApi();
  return useChange(
    async (name: string): Promise<void> => {
      unwrap(await api.DELETE("/api/v1/tools/{name}", { params: { path: { name } } }));
    },
    ["tools"],
  );
}

export function useConnections() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "connections"],
    queryFn: async (): Promise<ConnectionList> => unwrap(await api.GET("/api/v1/connections")),
  });
}

export function useSetConnection() {
  const { api } = useApi();
  return useChange(
    async ({ name, spec }: { name: string; spec: ConnectionSpec }) =>
      unwrap(await api.PUT("/api/v1/connections/{name}", { params: { path: { name } }, body: spec })),
    ["connections"],
  );
}

export function useRemoveConnection() {
  const { api } = useApi();
  return useChange(
    async (name: string): Promise<void> => {
      unwrap(await api.DELETE("/api/v1/connections/{name}", { params: { path: { name } } }));
    },
    ["connections"],
  );
}

type Prices = Record<string, ModelPrice>;

/** The group's own prices by model; every other model has the list price of its provider. */
export function usePrices() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "prices"],
    queryFn: async (): Promise<Prices> => unwrap(await api.GET("/api/v1/prices")).models,
  });
}

/** Replaces all of them. */
export function useSetPrices() {
  const { api } = useApi();
  return useChange(async (models: Prices) => unwrap(await api.PUT("/api/v1/prices", { body: { models } })), ["prices"]);
}
