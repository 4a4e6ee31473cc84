import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { ErasuresPage } from "@/erasures/ErasuresPage";
import { showWith } from "./fake-api";

const ADA = "ada/ops@example.com";
const ERASURE = {
  ...{ erasure_id: "e-1", group_id: "demo", user: ADA, status: "RUNNING", asked_by: "mia", revision: 1 },
  ...{ created_at: "2026-11-24T10:00:00Z", updated_at: "2026-11-24T10:00:00Z", ended_at: null },
  ...{ removed: { executions: 12, trace_events: 340 }, still_open: 1 },
};
const good = (data: unknown) => Promise.resolve({ data, response: new Response(null, { status: 200 }) });

it("shows each receipt with what went and what is still open", async () => {
  const whole = { ...ERASURE, erasure_id: "e-0", user: null, removed: {}, still_open: 0, ended_at: ERASURE.created_at };
  showWith({ GET: () => good({ erasures: [ERASURE, whole] }) }, <ErasuresPage />, { role: "admin" });
  const row = (await screen.findByText(ADA)).closest("tr");
  expect(row).toHaveTextContent("12 executions, 340 trace events, 1 still open");
  expect(row).toHaveTextContent("goes on by itself");
  expect(screen.getByText("the whole group").closest("tr")).toHaveTextContent("nothing yet");
  expect(screen.getByRole("link", { name: "audit log" })).toHaveAttribute("href", "/audit?action=erasures.");
});

it("erases what a person submitted once their name was written again", async () => {
  const DELETE = vi.fn(() => good(ERASURE));
  showWith({ GET: () => good({ erasures: [] }), DELETE }, <ErasuresPage />, { role: "admin" });
  await userEvent.type(screen.getByLabelText(/Person/), ` ${ADA} `);
  await userEvent.click(screen.getByRole("button", { name: "Erase…" }));
  const asked = within(await screen.findByRole("dialog"));
  const remove = asked.getByRole("button", { name: "Remove" });
  await userEvent.type(asked.getByLabelText(`Write ${ADA} to confirm`), "ada");
  expect(remove).toBeDisabled();
  await userEvent.type(asked.getByLabelText(`Write ${ADA} to confirm`), ADA.slice(3));
  await userEvent.click(remove);
  expect(DELETE).toHaveBeenCalledWith("/api/v1/users/{user}", { params: { path: { user: ADA } } });
  expect(await screen.findByText(/Erasure e-1 is accepted/)).toBeInTheDocument();
  expect(screen.getByLabelText(/Person/)).toHaveValue("");
});
