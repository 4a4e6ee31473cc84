import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Outlet, Route, Routes } from "react-router";
import { expect, it, vi } from "vitest";
import type { Diagnosis } from "@/api/types";
import { WhyTab } from "@/execution/WhyTab";
import { anExecution, showWith } from "./fake-api";

const at = "2026-11-24T10:00:00Z";
const FOUND: Diagnosis = {
  execution_id: "01a2",
  status: "RUNNING",
  summary: "Attempt 1 died without saying why; what was finished was kept. Often it needs more memory.",
  findings: [],
  attempts: [
    { attempt: 1, emitted: null, recorded: 3, died: true },
    { attempt: 2, emitted: null, recorded: 1, died: false },
  ],
  machine: {
    status: "RUNNING",
    error: "",
    steps: [
      { at, event: "TaskStateEntered", state: "RunCrew", error: null },
      { at, event: "TaskFailed", state: null, error: "Runtime.ExitError" },
    ],
  },
  trace_queue: { waiting: 3, in_flight: 0, dead: 1 },
  slots: { running: 2, may_run: 20, waiting: 4, position: null, open: 9, may_be_open: 200 },
  approvals: [{ number: 1, kind: "answer", task_name: "write", expires_at: at }],
  gaps: [{ attempt: 1, first: 4, last: null }],
  complete: false,
  logs: [{ attempt: 1, sequence: 1, emitted_at: at, level: "INFO", logger: "crew", message: "Attempt 1 starts." }],
  unread: [],
};

function show(found: Diagnosis) {
  const GET = vi.fn().mockResolvedValue({ data: found, response: new Response() });
  showWith(
    { GET },
    <Routes>
      <Route element={<Outlet context={{ execution: anExecution() }} />}>
        <Route path="/" element={<WhyTab />} />
      </Route>
    </Routes>,
  );
  return GET;
}

it("says in one paragraph what happened, with the facts behind it", async () => {
  show(FOUND);
  expect(await screen.findByText(/Attempt 1 died without saying why/)).toBeInTheDocument();
  expect(screen.getByText(/2 of 20 run, 4 wait for a slot; 9 of 200 are open/)).toBeInTheDocument();
  expect(screen.getByText(/3 wait, 0 in flight, 1 dead letter,/)).toBeInTheDocument();
  expect(screen.getByText("attempt 1: 4 to ? missing")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "answer of write" })).toBeInTheDocument();
  const rows = (name: string) => within(screen.getByRole("region", { name })).getAllByRole("row").slice(1);
  expect(rows("Attempts").map((row) => row.textContent)).toEqual(["1?3died", "2?1"]);
  expect(rows("State machine")[1]).toHaveTextContent("Runtime.ExitError");
  expect(rows("Last log lines")[0]).toHaveTextContent("Attempt 1 starts.");
});

it("looks again when it is asked to", async () => {
  const GET = show({ ...FOUND, machine: null, trace_queue: null, slots: null, approvals: [], logs: [], attempts: [] });
  await userEvent.click(await screen.findByRole("button", { name: "Look again" }));
  expect(GET).toHaveBeenCalledTimes(2);
  expect(screen.getByText("none")).toBeInTheDocument();
});
