import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useNavigate } from "react-router";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import { submitExecution } from "@/api/submit";
import type { Execution } from "@/api/types";

/** Runs the same crew with the same inputs and limits, as a new execution, and opens it. */
export function useRunAgain(execution: Execution) {
  const { api, group } = useApi();
  const navigate = useNavigate();
  const client = useQueryClient();
  const key = useRef<string | null>(null);
  return useMutation({
    retry: 2,
    mutationFn: async (): Promise<string> => {
      const path = { execution_id: execution.execution_id };
      const definition = unwrap(await api.GET("/api/v1/executions/{execution_id}/definition", { params: { path } }));
      const { config, inputs } = definition as { config: Record<string, unknown>; inputs: Record<string, unknown> };
      key.current ??= crypto.randomUUID();
      return submitExecution(api, { config, inputs, name: execution.name, limits: execution.limits }, key.current);
    },
    onSuccess: async (id) => {
      key.current = null;
      await navigate(`/g/${group}/executions/${id}`);
      await client.invalidateQueries({ queryKey: [group, "executions"] });
    },
  });
}
