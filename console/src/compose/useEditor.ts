import { useEffect, useState } from "react";
import { useTouched } from "@/lib/hooks";

type Editor = typeof import("./CodeEditor")["default"];

/** The code editor, once somebody is at work on the page and it has been fetched. Null before: a plain field serves, also
 * where it cannot be fetched. */
export function useEditor(): Editor | null {
  const touched = useTouched();
  const [editor, setEditor] = useState<Editor | null>(null);
  useEffect(() => {
    if (!touched) return;
    import("./CodeEditor").then(
      (module) => setEditor(() => module.default),
      () => undefined,
    );
  }, [touched]);
  return editor;
}
