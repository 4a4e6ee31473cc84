import { useEffect, useRef, useState } from "react";
import { askedFor } from "@/approvals/words";
import { type Execution, isTerminal } from "@/api/types";
import { statusName } from "@/ui/StatusBadge";

export interface Notify {
  on: boolean;
  /** The browser cannot, or the person has forbidden it. */
  possible: boolean;
  toggle: () => void;
}

/** Tells outside the page when the execution ends or a person is asked, for those who want that. It lasts as long as the tab. */
export function useNotify(execution: Execution | undefined): Notify {
  const [on, setOn] = useState(false);
  const [possible, setPossible] = useState(
    () => typeof Notification !== "undefined" && Notification.permission !== "denied",
  );
  const stand = execution && `${execution.status} ${execution.waiting?.number ?? ""}`;
  const told = useRef<string | undefined>(undefined);
  useEffect(() => {
    const before = told.current;
    told.current = stand;
    if (!on || !execution || before === undefined || before === stand) return;
    const text = execution.waiting
      ? askedFor(execution.waiting)
      : isTerminal(execution.status)
        ? statusName(execution.status)
        : "";
    if (text) new Notification(execution.name, { body: text, tag: execution.execution_id, icon: "/favicon.svg" });
  }, [stand, on, execution]);
  const toggle = (): void => {
    if (on) {
      setOn(false);
      return;
    }
    void Notification.requestPermission().then((answer) => {
      setOn(answer === "granted");
      setPossible(answer !== "denied");
    });
  };
  return { on, possible, toggle };
}
