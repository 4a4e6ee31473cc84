import { useQuery } from "@tanstack/react-query";
import { unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { Trace } from "./useTrace";

/** The API takes no shorter text. Characters. */
const LEAST = 2;
const PAGE = 500;

const NONE: ReadonlySet<string> = new Set();

interface Found {
  ids: ReadonlySet<string>;
  searching: boolean;
}

/** The ids of events in whose large bodies, which are not here, the server finds the text. Nothing is asked when all is here. */
export function useTraceSearch(id: string, trace: Trace | undefined, search: string): Found {
  const { api, group } = useApi();
  const text = search.trim();
  const large = trace?.events.some((event) => event.output_reference !== null) ?? false;
  const query = useQuery({
    queryKey: [group, "trace-search", id, text, trace?.cursor],
    enabled: large && text.length >= LEAST,
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: async ({ signal }): Promise<ReadonlySet<string>> => {
      const ids = new Set<string>();
      let after: string | undefined;
      for (;;) {
        const page = unwrap(
          await api.GET("/api/v1/executions/{execution_id}/traces", {
            params: { path: { execution_id: id }, query: { search: text, limit: PAGE, ...(after && { after }) } },
            signal,
          }),
        );
        for (const event of page.events) ids.add(event.id);
        if (!page.more) return ids;
        after = page.cursor;
      }
    },
  });
  return { ids: query.data ?? NONE, searching: query.isFetching };
}
