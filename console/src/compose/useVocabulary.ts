import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { unwrap } from "@/api/client";
import { useApi, useHealth } from "@/api/queries";
import { agentsOf, tasksOf } from "@/lib/definition";
import type { Schema, Vocabulary } from "./assist";
import type { Request } from "./request";

/** What may stand in the crew: the API's schema, tools and models, and the names that the text itself gives. */
export function useVocabulary(request: Request | null): Vocabulary {
  const { api, group } = useApi();
  const health = useHealth();
  const schema = useQuery({
    queryKey: ["schema"],
    staleTime: Infinity,
    queryFn: async () => unwrap(await api.GET("/api/v1/schema")) as Schema,
  });
  const tools = useQuery({
    queryKey: [group, "tools"],
    staleTime: 300_000,
    queryFn: async () => unwrap(await api.GET("/api/v1/tools")),
  });
  return useMemo(() => {
    const { default_model: standard, allowed_models: allowed = [] } = health.data ?? {};
    const named = allowed.filter((model) => !/[*?[]/.test(model));
    const models = standard ? [standard, ...named] : named;
    return {
      schema: schema.data ?? null,
      tools: tools.data ?? [],
      models: [...new Set(models)],
      agents: agentsOf(request ?? undefined).map(({ name }) => name),
      tasks: tasksOf(request ?? undefined).map(({ name }) => name),
    };
  }, [schema.data, tools.data, health.data, request]);
}
