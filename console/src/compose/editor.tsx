import { type ComponentProps, useEffect, useEffectEvent, useState } from "react";
import { flushSync } from "react-dom";
import { useTouched } from "@/lib/hooks";

type Editor = typeof import("./CodeEditor")["default"];

let Fetched: Editor | null = null;

/** The code editor; nothing until it is there. */
export function CodeEditor(props: ComponentProps<Editor>) {
  return Fetched && <Fetched {...props} />;
}

/**
 * Whether the code editor is there: it is fetched once somebody is at work on the page. A plain field serves until then,
 * also where it cannot be fetched; `beforeItComes` is called right before the editor takes its place.
 */
export function useEditorIsThere(beforeItComes: () => void): boolean {
  const touched = useTouched();
  const [there, setThere] = useState(false);
  const prepare = useEffectEvent(beforeItComes);
  useEffect(() => {
    if (!touched) return;
    import("./CodeEditor").then(
      (module) => {
        Fetched = module.default;
        prepare();
        flushSync(() => setThere(true)); // no key and no click comes in between
      },
      () => undefined,
    );
  }, [touched]);
  return there;
}
