import { lazy, startTransition, useEffect, useState } from "react";
import { useTouched } from "@/lib/hooks";

const load = () => import("./CodeEditor");

export const CodeEditor = lazy(load);

/** Whether the code editor is there: it is fetched once somebody is at work on the page. A plain field serves until then,
 * also where it cannot be fetched. */
export function useEditorIsThere(): boolean {
  const touched = useTouched();
  const [there, setThere] = useState(false);
  useEffect(() => {
    if (!touched) return;
    load().then(
      // The plain field stays in sight until the editor is drawn.
      () => startTransition(() => setThere(true)),
      () => undefined,
    );
  }, [touched]);
  return there;
}
