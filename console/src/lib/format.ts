import type { Execution } from "@/api/types";

const number = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const dayMonth = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

export const formatNumber = (value: number): string => number.format(value);
export const formatCompact = (value: number): string => compact.format(value);
export const formatDateTime = (iso: string): string => dateTime.format(new Date(iso));

/** `12 ms`, `3.4 s`, `2 m 05 s`, `1 h 02 m`, `6 d 04 h`. */
export function formatDuration(ms: number): string {
  if (ms < 0 || !Number.isFinite(ms)) return "–";
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9_950 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const hours = Math.floor(seconds / 3600);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
  return `${hours} h ${two(Math.floor((seconds % 3600) / 60))} m`;
}

/** A moment after the beginning, seconds always kept: `12.34 s`, `2:05.3`, `1:46:03`. */
export function formatMoment(ms: number): string {
  const sign = ms < 0 ? "-" : "";
  const whole = Math.abs(ms);
  if (whole < 59_995) return `${sign}${(whole / 1000).toFixed(2)} s`;
  const two = (value: number): string => String(value).padStart(2, "0");
  if (whole < 3_599_950) {
    const tenths = Math.round(whole / 100);
    return `${sign}${Math.floor(tenths / 600)}:${two(Math.floor((tenths % 600) / 10))}.${tenths % 10}`;
  }
  const seconds = Math.round(whole / 1000);
  return `${sign}${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
}

/** A mark of an axis whose marks are `step` ms apart: `0`, `200 ms`, `1.5 s`, `20 s`, `30 m`, `1 h 30 m`. */
export function formatTick(ms: number, step: number): string {
  if (ms === 0) return "0";
  if (step >= 60_000) {
    const minutes = Math.round(ms / 60_000);
    if (minutes < 60) return `${minutes} m`;
    return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} m` : `${minutes / 60} h`;
  }
  if (ms >= 60_000) return formatMoment(ms).replace(step >= 1000 ? /\.\d$/ : "", "");
  if (step >= 1000) return `${Math.round(ms / 1000)} s`;
  if (ms < 1000 && step >= 1) return `${Math.round(ms)} ms`;
  return `${Number((ms / 1000).toPrecision(6))} s`;
}

export function formatCost(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return "–";
  if (usd === 0) return "$0";
  return usd < 0.0001 ? "<$0.0001" : `$${usd < 0.1 ? usd.toFixed(4) : usd.toFixed(2)}`;
}

/** The whole cost of an execution; `~` where the bill is an estimate. */
export function formatTotal({ total_usd, estimated }: Execution["cost"]): string {
  return (estimated && (total_usd ?? 0) >= 0.0001 ? "~" : "") + formatCost(total_usd);
}

/** What the cost of an execution is made of, or why it is not known. */
export function costHint({ cost, usage }: Pick<Execution, "cost" | "usage">): string {
  const parts = `Models ${formatCost(cost.model_usd)}, AWS ${formatCost(cost.infrastructure_usd)}`;
  return [parts, ...(cost.estimated ? ["about"] : []), ...(usage.cost_note ? [usage.cost_note] : [])].join("; ");
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(0)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function formatAgo(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return dayMonth.format(new Date(iso));
}
