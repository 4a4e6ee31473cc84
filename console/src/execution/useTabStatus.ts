import { useEffect } from "react";
import type { Execution, Status } from "@/api/types";
import { useTitle } from "@/lib/hooks";

const MARKS: Record<Status, { sign: string; colour: string }> = {
  PENDING: { sign: "○", colour: "#8c97a8" },
  RUNNING: { sign: "▶", colour: "#2f6fd6" },
  WAITING: { sign: "⏸", colour: "#c98a00" },
  COMPLETED: { sign: "✓", colour: "#1d7347" },
  FAILED: { sign: "✗", colour: "#b3261e" },
  CANCELLED: { sign: "⊘", colour: "#8c97a8" },
};

/** How the execution stands, in the title and the icon of the browser's tab. */
export function useTabStatus({ name, status, progress }: Execution): void {
  const { sign, colour } = MARKS[status];
  const done = status === "RUNNING" && progress.tasks_total ? ` ${progress.tasks_done}/${progress.tasks_total}` : "";
  useTitle(`${sign}${done} ${name}`);
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (!link) return;
    const usual = link.href;
    link.href = `data:image/svg+xml,${encodeURIComponent(iconOf(colour))}`;
    return () => {
      link.href = usual;
    };
  }, [colour]);
}

function iconOf(colour: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="13" fill="${colour}"/></svg>`;
}
