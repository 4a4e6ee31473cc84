import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { StackState } from "@/api/types";
import { OperatorPage } from "@/operator/OperatorPage";
import { showWith } from "./fake-api";

const at = "2026-11-24T10:00:00Z";
const open = { status: "RUNNING", queued: false, attempt: 1, created_at: at, updated_at: at } as const;
const STACK: StackState = {
  version: "0.1.0",
  price_book: "2026-11",
  parts: [
    { part: "sweeps", healthy: false, told: "The last one came 9 minutes ago." },
    { part: "starts", healthy: true, told: "Nothing waits to be started." },
  ],
  queues: [
    { name: "trace", waiting: 3, in_flight: 0, dead: 2, redrivable: true },
    { name: "webhook", waiting: 0, in_flight: 0, dead: 1, redrivable: false },
    { name: "export", waiting: 0, in_flight: 0, dead: 4, redrivable: true },
  ],
  sweep: { at, actions: { started: 2, nothing: 5 }, failures: 0, cut_short: true },
  groups: [{ group_id: "demo", open: 3, may_be_open: 200, running: 1, may_run: 20, queued: 1, waiting: 1, fault: "" }],
  executions: [
    { ...open, group_id: "demo", execution_id: "01a2" },
    { ...open, group_id: "other", execution_id: "01a3", status: "PENDING", queued: true },
  ],
  open: 3,
};

const rows = (name: string) => within(screen.getByRole("region", { name })).getAllByRole("row").slice(1);

it("shows how each part is, the groups, and what is open", async () => {
  showWith({ GET: vi.fn().mockResolvedValue({ data: STACK, response: new Response() }) }, <OperatorPage />);
  expect(await screen.findByText(/Last sweep .*: 2 started, ran out of time/)).toBeInTheDocument();
  const parts = within(screen.getByRole("list", { name: "Health of each part" })).getAllByRole("listitem");
  expect(parts.map((one) => one.textContent)).toEqual([
    "sweeps needs attention: The last one came 9 minutes ago.",
    "starts well: Nothing waits to be started.",
  ]);
  expect(rows("Groups")[0]).toHaveTextContent("demo3 of 2001 of 2011");
  expect(rows("Open executions")).toHaveLength(2);
  expect(screen.getByRole("link", { name: "01a2" })).toHaveAttribute("href", "/g/demo/executions/01a2/why");
  expect(screen.queryByRole("link", { name: "01a3" })).toBeNull();
  expect(screen.getByText(/2 of 3/)).toBeInTheDocument();
});

it("shows a group whose limits cannot be read", async () => {
  const groups = STACK.groups.map((one) => ({ ...one, may_be_open: null, may_run: null, fault: "They are broken." }));
  showWith(
    { GET: vi.fn().mockResolvedValue({ data: { ...STACK, groups }, response: new Response() }) },
    <OperatorPage />,
  );
  await screen.findByRole("region", { name: "Groups" });
  expect(rows("Groups")[0]).toHaveTextContent("demo3 of ?1 of ?11");
});

it.each([
  { queue: "trace", place: 0 },
  { queue: "export", place: 1 },
])(
  "sends dead letters of the $queue queue again when that is confirmed, where they can be",
  async ({ queue, place }) => {
    const GET = vi.fn().mockResolvedValue({ data: STACK, response: new Response() });
    const POST = vi.fn().mockResolvedValue({ data: { queue, state: "sending" }, response: new Response() });
    showWith({ GET, POST }, <OperatorPage />);
    const buttons = await screen.findAllByRole("button", { name: "Send again" });
    expect(buttons).toHaveLength(2);
    await userEvent.click(buttons[place] as HTMLElement);
    await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Send again" }));
    expect(POST).toHaveBeenCalledWith("/api/v1/operator/dead-letters/{queue}/redrive", {
      params: { path: { queue } },
    });
    expect(
      await screen.findByText(new RegExp(`dead letters of the ${queue} queue are being sent again`)),
    ).toBeInTheDocument();
  },
);

it("asks nothing for who does not operate the stack", () => {
  const GET = vi.fn();
  showWith({ GET }, <OperatorPage />, { role: "viewer" });
  expect(screen.getByText("This page is the operator's")).toBeInTheDocument();
  expect(GET).not.toHaveBeenCalled();
});
