import { Timer } from "lucide-react";
import type { Approval } from "@/api/types";
import { formatDateTime, formatDuration } from "@/lib/format";
import { useNow } from "@/lib/hooks";

const BY_ITSELF = { approve: "approved", reject: "rejected", revise: "sent back" } as const;
const SOON_MS = 3_600_000;

/** What happens when nobody decides, and how long until then. */
export function Countdown({ approval, short = false }: { approval: Approval; short?: boolean }) {
  const now = useNow(true, 1000);
  const left = Date.parse(approval.expires_at) - now;
  const what = BY_ITSELF[approval.on_timeout];
  const soon = left < SOON_MS;
  if (short) {
    return (
      <span className={soon ? "countdown countdown-soon" : "countdown"}>
        {left > 0 ? `${what} in ${formatDuration(left)}` : "time is up"}
      </span>
    );
  }
  return (
    <p className={soon ? "countdown countdown-soon" : "countdown"}>
      <Timer size={14} aria-hidden />
      {left > 0 ? (
        <span>
          If nobody decides, it is <strong>{what}</strong> in{" "}
          <time dateTime={approval.expires_at} title={formatDateTime(approval.expires_at)}>
            {formatDuration(left)}
          </time>
          .
        </span>
      ) : (
        <span>The time is up; it is being {what}.</span>
      )}
    </p>
  );
}
