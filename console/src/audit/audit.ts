import { useInfiniteQuery } from "@tanstack/react-query";
import { type Api, unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { AuditEntry, AuditList } from "@/api/types";

interface Narrowed {
  who: string;
  action: string;
}

const PAGE = 100;
const LARGEST_PAGE = 1_000;

// The address answers lines too, so the type of its answer is left open.
async function read(api: Api, { who, action }: Narrowed, cursor: string | null, limit: number): Promise<AuditList> {
  const query = { limit, ...(who && { who }), ...(action && { action }), ...(cursor !== null && { cursor }) };
  return unwrap<unknown>(await api.GET("/api/v1/audit", { params: { query } })) as AuditList;
}

/** Who changed what, newest first, page by page. */
export function useAudit(narrowed: Narrowed) {
  const { api, group } = useApi();
  return useInfiniteQuery({
    queryKey: [group, "audit", narrowed],
    initialPageParam: null as string | null,
    getNextPageParam: (last: AuditList) => last.next_cursor,
    queryFn: ({ pageParam }) => read(api, narrowed, pageParam, PAGE),
    select: (data) => data.pages.flatMap((page) => page.entries),
  });
}

/** The whole log as JSON Lines. */
export async function readAll(api: Api, narrowed: Narrowed): Promise<string> {
  const found: AuditEntry[] = [];
  let cursor: string | null = null;
  do {
    const page: AuditList = await read(api, narrowed, cursor, LARGEST_PAGE);
    found.push(...page.entries);
    cursor = page.next_cursor ?? null;
  } while (cursor !== null);
  return found.map((entry) => `${JSON.stringify(entry)}\n`).join("");
}
