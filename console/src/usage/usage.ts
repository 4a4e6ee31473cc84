import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Api, unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Budget, UsageBy, UsageReport } from "@/api/types";

export const BYS: Record<UsageBy, string> = {
  crew: "Crews",
  user: "People",
  agent: "Agents",
  tool: "Tools",
  model: "Models",
  source: "Sources",
  day: "Days",
};

export interface Asked {
  by: UsageBy;
  /** Days such as 2026-11-28; empty for the API's own: from the first of the month until today. */
  from: string;
  to: string;
}

const query = ({ by, from, to }: Asked) => ({ by, ...(from && { from }), ...(to && { to }) });

export function useUsage(asked: Asked) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "usage", asked],
    placeholderData: keepPreviousData,
    // The address answers tables too, so the type of its answer is left open.
    queryFn: async () =>
      unwrap<unknown>(await api.GET("/api/v1/usage", { params: { query: query(asked) } })) as UsageReport,
  });
}

/** The same as a table for a spreadsheet. */
export async function readTable(api: Api, asked: Asked): Promise<string> {
  const answer = await api.GET("/api/v1/usage", {
    params: { query: { ...query(asked), format: "csv" } },
    parseAs: "text",
  });
  return unwrap<unknown>(answer) as string;
}

export function useBudgets() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "budgets"],
    queryFn: async () => unwrap(await api.GET("/api/v1/budgets")),
  });
}

/** Replaces the budgets that were read; refused when somebody else has changed them since. */
export function useSetBudgets() {
  const { api, group } = useApi();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ budgets, revision }: { budgets: Budget[]; revision: number }) => {
      const own = budgets.find(({ crew }) => crew === null);
      const crews = budgets.flatMap(({ crew, limit_usd: usd }) => (crew === null ? [] : [[crew, usd] as const]));
      const body = { group_usd: own?.limit_usd ?? null, crews: Object.fromEntries(crews), revision };
      return unwrap(await api.PUT("/api/v1/budgets", { body }));
    },
    onSuccess: (list) => client.setQueryData([group, "budgets"], list),
    onError: () => client.invalidateQueries({ queryKey: [group, "budgets"] }),
  });
}
