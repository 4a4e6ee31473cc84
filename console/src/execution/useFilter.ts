import { useMemo } from "react";
import type { EventSource } from "@/api/types";
import { useParam, useSetParams, useTypedParam } from "@/lib/hooks";
import type { Filter } from "@/trace/rows";

export interface FilterBinding {
  setSearch: (value: string) => void;
  setAgent: (value: string) => void;
  toggleKind: (kind: EventSource) => void;
  toggleFailures: () => void;
  toggleEverything: () => void;
  clear: () => void;
}

/** The filter lives in the address, so a link shows what its sender saw. */
export function useFilter(): { filter: Filter; bind: FilterBinding } {
  const [kinds, setKinds] = useParam("kinds");
  const [agent, setAgent] = useParam("agent");
  const [search, setSearch] = useTypedParam("q");
  const [failures, setFailures] = useParam("failures");
  const [everything, setEverything] = useParam("all");
  const setParams = useSetParams();
  const filter = useMemo<Filter>(
    () => ({
      kinds: new Set(kinds ? (kinds.split(",") as EventSource[]) : []),
      agent,
      search,
      failures: failures === "1",
      everything: everything === "1",
    }),
    [kinds, agent, search, failures, everything],
  );
  const toggleKind = (kind: EventSource): void => {
    const next = new Set(filter.kinds);
    if (!next.delete(kind)) next.add(kind);
    setKinds([...next].join(","));
  };
  const bind: FilterBinding = {
    setSearch,
    setAgent,
    toggleKind,
    toggleFailures: () => setFailures(failures ? "" : "1"),
    toggleEverything: () => setEverything(everything ? "" : "1"),
    clear: () => setParams({ kinds: "", agent: "", q: "", failures: "" }),
  };
  return { filter, bind };
}
