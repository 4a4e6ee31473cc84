import { useEffect, useState } from "react";

type Folds = ReadonlySet<string>;

const keyOf = (id: string): string => `stepcrew.folds.${id}`;
/** Ids that are kept; a trace with more closed parts than that opens some of them again. */
const KEPT_MOST = 2_000;

/** What a person closed in one timeline. It is kept in the tab, so it outlives a reload and going elsewhere. */
export function useFolds(executionId: string): [Folds, (change: Folds | ((before: Folds) => Folds)) => void] {
  const [closed, setClosed] = useState<Folds>(() => read(executionId));
  useEffect(() => {
    try {
      if (closed.size) sessionStorage.setItem(keyOf(executionId), JSON.stringify([...closed].slice(0, KEPT_MOST)));
      else sessionStorage.removeItem(keyOf(executionId));
    } catch {
      // The browser keeps nothing (any more): the folds last as long as the page.
    }
  }, [closed, executionId]);
  return [closed, setClosed];
}

function read(executionId: string): Folds {
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(executionId)) ?? "[]") as unknown;
    return new Set(Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : []);
  } catch {
    return new Set();
  }
}
