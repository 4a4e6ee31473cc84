import type { components } from "@/api/schema";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useNavigate } from "react-router";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Execution, Rerun } from "@/api/types";

/** Runs an ended execution again, as a new one, and opens it. Sent twice, the same is one new execution. */
export function useRerun(execution: Execution) {
  const { api, group } = useApi();
  const navigate = useNavigate();
  const client = useQueryClient();
  const sent = useRef<{ body: string; key: string } | null>(null);
  return useMutation({
    retry: 2,
    mutationFn: async (body: Rerun): Promise<string> => {
      const text = JSON.stringify(body);
      if (sent.current?.body !== text) sent.current = { body: text, key: crypto.randomUUID() };
      const answer = await api.POST("/api/v1/executions/{execution_id}/rerun", {
        params: { path: { execution_id: execution.execution_id }, header: { "idempotency-key": sent.current.key } },
        body: body as components["schemas"]["RerunRequest"],
      });
      return unwrap(answer).execution_id;
    },
    onSuccess: async (id) => {
      sent.current = null;
      await navigate(`/g/${group}/executions/${id}`);
      await client.invalidateQueries({ queryKey: [group, "executions"] });
    },
  });
}
