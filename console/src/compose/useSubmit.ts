import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useNavigate } from "react-router";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Request } from "./request";

/**
 * Submits. One text is one execution, however often the button is pressed or the network fails in between: the
 * idempotency key changes only with what is sent.
 */
export function useSubmit(request: Request | null, onSubmitted: () => void) {
  const { api, group } = useApi();
  const navigate = useNavigate();
  const client = useQueryClient();
  const sent = useRef<{ body: string; key: string } | null>(null);
  const mutation = useMutation({
    retry: 2,
    mutationFn: async (body: string) => {
      if (sent.current?.body !== body) sent.current = { body, key: crypto.randomUUID() };
      const answer = await api.POST("/api/v1/executions", {
        params: { header: { "idempotency-key": sent.current.key } },
        body: JSON.parse(body) as never,
      });
      return unwrap(answer) as { execution_id: string };
    },
    onSuccess: async ({ execution_id: id }) => {
      sent.current = null; // pressed again later, the same text is meant to run again
      onSubmitted();
      await navigate(`/g/${group}/executions/${id}`);
      await client.invalidateQueries({ queryKey: [group, "executions"] });
    },
  });
  return {
    go: () => request && mutation.mutate(JSON.stringify(request)),
    busy: mutation.isPending,
    error: mutation.error,
  };
}
