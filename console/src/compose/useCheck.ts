import { useQuery } from "@tanstack/react-query";
import { ApiProblem } from "@/api/client";
import { useApi } from "@/api/queries";
import { type Submission, checkSubmission } from "@/api/submit";
import type { DryRun } from "@/api/types";
import { useDebounced } from "@/lib/hooks";

/** Milliseconds after the last letter. */
const SETTLED = 500;

/** What the API says of the crew as it stands, without running it. */
export function useCheck(request: object | null) {
  const { api, group } = useApi();
  const now = request ? JSON.stringify(request) : "";
  const body = useDebounced(now, SETTLED);
  const query = useQuery({
    queryKey: [group, "check", body],
    enabled: body !== "",
    retry: false,
    gcTime: 60_000,
    staleTime: Infinity,
    queryFn: async (): Promise<{ plan?: DryRun; problem?: ApiProblem }> => {
      try {
        return { plan: await checkSubmission(api, JSON.parse(body) as Submission) };
      } catch (error) {
        if (error instanceof ApiProblem && error.faults.length) return { problem: error };
        throw error;
      }
    },
  });
  return {
    plan: query.data?.plan,
    faults: query.data?.problem?.faults,
    /** What is known is not about the text as it stands now. */
    busy: query.isFetching || body !== now,
    error: query.error,
  };
}
