import "./logs-tab.css";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDownToLine } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLogs } from "@/api/queries";
import { isTerminal } from "@/api/types";
import { download } from "@/lib/files";
import { formatNumber } from "@/lib/format";
import { useParam, useTypedParam } from "@/lib/hooks";
import { harmless } from "@/lib/text";
import { Copy } from "@/ui/Copy";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { SearchField } from "@/ui/SearchField";
import { useShown } from "./ExecutionPage";

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;
const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
/** A line of megabytes is cut on the screen; copy and download have it whole. Characters. */
const LINE_MOST = 4_000;

export function LogsTab() {
  const { execution } = useShown();
  const logs = useLogs(execution);
  const [level, setLevel] = useParam("level");
  const [search, setSearch] = useTypedParam("q");
  const open = !isTerminal(execution.status);
  const [follow, setFollow] = useState(open);
  const scroller = useRef<HTMLDivElement>(null);
  const least = Math.max(0, LEVELS.indexOf(level as (typeof LEVELS)[number]));
  const all = logs.data?.lines;
  const lines = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return (all ?? []).filter(
      (line) =>
        (least === 0 || LEVELS.indexOf(line.level as (typeof LEVELS)[number]) >= least) &&
        (!wanted || line.message.toLowerCase().includes(wanted) || line.logger.toLowerCase().includes(wanted)),
    );
  }, [all, least, search]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 22,
    overscan: 20,
  });
  useEffect(() => {
    if (follow && lines.length) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [follow, lines.length, virtual]);
  const text = (): string =>
    lines.map((line) => `${line.emitted_at} ${line.level} ${line.logger} ${line.message}`).join("\n");
  if (logs.error && !logs.data) return <Trouble error={logs.error} retry={() => void logs.refetch()} />;
  if (!all) return <Loading label="Reading the log…" />;
  if (!all.length)
    return (
      <Empty title={open ? "No log lines yet" : "The log is empty"}>
        What the runner writes while the crew works shows here.
      </Empty>
    );
  return (
    <div className="logs">
      <div className="filters" role="search">
        <SearchField label="Search the log" value={search} onSearch={setSearch} />
        <select aria-label="Level" value={level} onChange={(event) => setLevel(event.target.value)}>
          <option value="">All levels</option>
          {LEVELS.slice(1).map((each) => (
            <option key={each} value={each}>
              {each === "CRITICAL" ? each : `${each} and above`}
            </option>
          ))}
        </select>
        <label className="check">
          <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} />
          Follow
        </label>
        <span className="faint">
          {formatNumber(lines.length)} of {formatNumber(all.length)} lines
        </span>
        <Copy text={text} label="Copy these lines" />
        <Button
          look="quiet"
          onClick={() => download(`${execution.name}-${execution.execution_id}.log`, "text/plain", text())}
        >
          <ArrowDownToLine size={14} aria-hidden />
          Download
        </Button>
      </div>
      <div
        ref={scroller}
        className="log-scroll"
        role="log"
        aria-label="Log"
        aria-live="off"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keyboard
        tabIndex={0}
        onWheel={(event) => event.deltaY < 0 && setFollow(false)}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map(({ index, start, key }) => {
            const line = lines[index];
            return (
              line && (
                <div
                  key={key}
                  ref={virtual.measureElement}
                  data-index={index}
                  className={`log-line log-${line.level.toLowerCase()}`}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <time dateTime={line.emitted_at}>{clock.format(new Date(line.emitted_at))}</time>
                  <span className="log-level">{line.level}</span>
                  <span className="log-logger">{line.logger}</span>
                  <span className="log-message" dir="auto">
                    {cut(line.message)}
                  </span>
                </div>
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

function cut(message: string): string {
  const text = harmless(message.slice(0, LINE_MOST));
  return message.length > LINE_MOST ? `${text}… (${formatNumber(message.length)} characters)` : text;
}
