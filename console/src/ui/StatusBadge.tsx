import "./status.css";
import { CircleCheck, CircleDashed, CircleSlash, CircleX, Hourglass, LoaderCircle } from "lucide-react";
import type { Status } from "@/api/types";

const LOOKS = {
  PENDING: { icon: CircleDashed, name: "Pending" },
  RUNNING: { icon: LoaderCircle, name: "Running" },
  WAITING: { icon: Hourglass, name: "Waiting" },
  COMPLETED: { icon: CircleCheck, name: "Completed" },
  FAILED: { icon: CircleX, name: "Failed" },
  CANCELLED: { icon: CircleSlash, name: "Cancelled" },
} as const;

export const statusName = (status: Status): string => LOOKS[status].name;

interface Props {
  status: Status;
  cancelling?: boolean;
  /** Its place among those that wait for a slot; 1 is next. */
  queued?: number | null;
}

export function StatusBadge({ status, cancelling = false, queued = null }: Props) {
  const { icon: Icon, name } = LOOKS[status];
  const stopping = cancelling && (status === "RUNNING" || status === "PENDING" || status === "WAITING");
  return (
    <span className={`status status-${status.toLowerCase()}`}>
      <Icon size={14} className={status === "RUNNING" ? "spin" : undefined} aria-hidden />
      {stopping ? "Cancelling" : name}
      {queued !== null && <span title="Its place among those that wait to run"> · queued, {queued}</span>}
    </span>
  );
}
