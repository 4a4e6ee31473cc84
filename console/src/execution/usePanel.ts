import { useCallback } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { useChangeParams } from "@/lib/hooks";

interface Panel {
  /** What is open: an event as `<attempt>.<sequence>`, or the line of an agent (`a:…`) or a task (`t:…`); "" for none. */
  opened: string;
  open: (id: string) => void;
  close: () => void;
}

/**
 * The panel is in the address. Opening it is a step in the browser's history, so Back closes it; looking at another
 * line while it is open is none.
 */
export function usePanel(): Panel {
  const [params] = useSearchParams();
  const navigate = useNavigate();
  const changeParams = useChangeParams();
  const { state } = useLocation() as { state: { panel?: true } | null };
  const opened = params.get("event") ?? "";
  const pushed = state?.panel === true;
  const open = useCallback(
    (id: string) => {
      if (id === opened) return;
      const first = opened === "";
      const state = first || pushed ? { panel: true } : null;
      changeParams((next) => next.set("event", id), { replace: !first, state });
    },
    [opened, pushed, changeParams],
  );
  const close = useCallback(() => {
    if (opened === "") return;
    if (pushed) {
      void navigate(-1);
      return;
    }
    changeParams((next) => next.delete("event"), { replace: true });
  }, [opened, pushed, navigate, changeParams]);
  return { opened, open, close };
}
