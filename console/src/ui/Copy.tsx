import { Check, Copy as CopyIcon, Link2 } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "./kit";

/** Copies what `text` answers when pressed (it may be large), and says so. */
export function Copy({
  text,
  label = "Copy",
  link = false,
}: {
  text: () => string | Promise<string>;
  label?: string;
  link?: boolean;
}) {
  const [state, setState] = useState<"ready" | "copied" | "failed">("ready");
  useEffect(() => {
    if (state === "ready") return;
    const timer = setTimeout(() => setState("ready"), 1600);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(await text());
      setState("copied");
    } catch {
      setState("failed"); // the browser or the person forbids it, or the body could not be fetched
    }
  };
  const Icon = state === "copied" ? Check : link ? Link2 : CopyIcon;
  const told = { ready: label, copied: "Copied", failed: "Could not copy" }[state];
  return (
    <>
      <IconButton label={told} onClick={() => void copy()} data-state={state}>
        <Icon size={15} aria-hidden />
      </IconButton>
      <span className="visually-hidden" role="status">
        {state === "ready" ? "" : told}
      </span>
    </>
  );
}
