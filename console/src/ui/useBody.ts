import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { fetchBody, useApi } from "@/api/queries";
import type { BodyReference, Json } from "@/api/types";
import { beginningOf, bodyValue } from "@/lib/body";

/** A body up to this is fetched when it is looked at; a larger one when somebody asks for it. Bytes. */
const BY_ITSELF = 2_000_000;

export interface Body {
  /** The value, or its beginning as text while the whole is not here. */
  value: Json | undefined;
  whole: boolean;
  loading: boolean;
  error: Error | null;
  /** Fetches it: again after a failure, or when it is too large to be fetched by itself. */
  fetch: () => void;
  /** The value as soon as it can be had, for copying and saving. */
  read: () => Promise<Json | undefined>;
}

/** A body that stands in the answer, or is kept apart and fetched when it is opened. */
export function useBody(value: Json | undefined, reference: BodyReference | null | undefined): Body {
  const { api, group } = useApi();
  const [asked, setAsked] = useState(false);
  const query = useQuery({
    queryKey: [group, "body", reference?.url],
    enabled: Boolean(reference) && (asked || (reference?.bytes ?? 0) <= BY_ITSELF),
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: async () => bodyValue(await fetchBody(api, reference?.url ?? ""), reference?.content_type ?? ""),
  });
  const beginning = useMemo(() => (reference ? beginningOf(reference) : ""), [reference]);
  const { refetch } = query;
  if (!reference) {
    return {
      value,
      whole: true,
      loading: false,
      error: null,
      fetch: () => undefined,
      read: () => Promise.resolve(value),
    };
  }
  return {
    value: query.data === undefined ? beginning : query.data,
    whole: query.data !== undefined,
    loading: query.isFetching,
    error: query.error,
    fetch: () => {
      setAsked(true);
      if (query.error) void refetch();
    },
    read: async () => query.data ?? (await refetch({ throwOnError: true })).data,
  };
}
