import { RefreshCw, WifiOff } from "lucide-react";
import { ApiProblem } from "@/api/client";
import { Button } from "@/ui/kit";

interface Looked {
  failureCount: number;
  failureReason: unknown;
  isError: boolean;
  error: unknown;
  data: unknown;
  dataUpdatedAt: number;
  refetch: () => unknown;
}

const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** Says that what is on the screen may be old, while looks fail. It lies over the page, so nothing moves. */
export function Connection({ looks }: { looks: Looked[] }) {
  const failing = looks.find(
    (look) => look.data !== undefined && look.failureCount > 0 && !isRefusal(look.failureReason),
  );
  if (!failing) return null;
  return (
    <div className="connection" role="status">
      <WifiOff size={15} aria-hidden />
      <span>
        The server does not answer. Shown is what was known at {time.format(failing.dataUpdatedAt)}; trying again by
        itself.
      </span>
      <Button look="quiet" onClick={() => looks.forEach((look) => void look.refetch())}>
        <RefreshCw size={14} aria-hidden />
        Try now
      </Button>
    </div>
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof ApiProblem && !error.problem.retryable;
}
