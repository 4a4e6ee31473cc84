import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useNavigate } from "react-router";
import { useApi } from "@/api/queries";
import { type Submission, submitExecution } from "@/api/submit";

/**
 * Submits. One text is one execution, however often the button is pressed or the network fails in between: the
 * idempotency key changes only with what is sent.
 */
export function useSubmit(onSubmitted: () => void) {
  const { api, group } = useApi();
  const navigate = useNavigate();
  const client = useQueryClient();
  const sent = useRef<{ body: string; key: string } | null>(null);
  const mutation = useMutation({
    retry: 2,
    mutationFn: async (body: string) => {
      if (sent.current?.body !== body) sent.current = { body, key: crypto.randomUUID() };
      return submitExecution(api, JSON.parse(body) as Submission, sent.current.key);
    },
    onSuccess: async (id) => {
      sent.current = null; // pressed again later, the same text is meant to run again
      onSubmitted();
      await navigate(`/g/${group}/executions/${id}`);
      await client.invalidateQueries({ queryKey: [group, "executions"] });
    },
  });
  return {
    go: (request: Submission) => mutation.mutate(JSON.stringify(request)),
    busy: mutation.isPending,
    error: mutation.error,
  };
}
