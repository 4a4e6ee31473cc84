import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { UsagePage } from "@/usage/UsagePage";
import { showWith } from "./fake-api";

const sums = {
  ...{ executions: 3, completed: 2, failed: 1, cancelled: 0, model_calls: 5, tool_calls: 2, total_tokens: 900 },
  ...{ seconds: 60, model_usd: 0.5, infrastructure_usd: 0.25, total_usd: 0.75, unpriced: 1 },
};
const report = (by: string) => ({
  ...{ from: "2026-11-01", to: "2026-11-28", by },
  total: { name: "", ...sums },
  rows: [{ name: `a ${by}`, ...sums }],
});
const budgets = { month: "2026-11", revision: 4, budgets: [{ crew: null, limit_usd: 1, spent_usd: 1.5 }] };

const api = () => ({
  GET: vi.fn((path: string, options?: { params?: { query?: { by: string } } }) =>
    Promise.resolve({
      data: path.endsWith("/budgets") ? budgets : report(options?.params?.query?.by ?? "crew"),
      response: new Response(),
    }),
  ),
});

it("shows the sums by what is chosen, with the whole and the budgets", async () => {
  const { GET } = api();
  showWith({ GET }, <UsagePage />);
  const row = (await screen.findByText("a crew")).closest("tr");
  expect(within(row as HTMLElement).getByText("$0.75")).toBeInTheDocument();
  expect(screen.getByText("All")).toBeInTheDocument();
  expect(screen.getByRole("note")).toHaveTextContent("Of 1 execution the price of a model is not known");
  expect(screen.getByText(/150 %: nothing more is started this month/)).toBeInTheDocument();
  await userEvent.selectOptions(screen.getByLabelText("Sums by"), "Models");
  expect(await screen.findByText("a model")).toBeInTheDocument();
});

it("lets an admin set and remove a budget, and others only look", async () => {
  const PUT = vi
    .fn()
    .mockResolvedValue({ data: { month: "2026-11", revision: 5, budgets: [] }, response: new Response() });
  const { GET } = api();
  const { unmount } = showWith({ GET, PUT }, <UsagePage />);
  await userEvent.type(await screen.findByLabelText(/Crew/), "poems");
  await userEvent.type(screen.getByLabelText(/US dollars a month/), "2.5");
  await userEvent.click(screen.getByRole("button", { name: "Set" }));
  expect(PUT).toHaveBeenCalledWith("/api/v1/budgets", {
    body: { group_usd: 1, crews: { poems: 2.5 }, revision: 4 },
  });
  unmount();
  showWith({ GET, PUT }, <UsagePage />);
  await userEvent.click(await screen.findByRole("button", { name: "Remove the budget of the group" }));
  expect(PUT).toHaveBeenLastCalledWith("/api/v1/budgets", {
    body: { group_usd: null, crews: {}, revision: 4 },
  });
  unmount();
});

it("shows members the budgets without a way to change them", async () => {
  showWith(api(), <UsagePage />, { role: "member" });
  expect(await screen.findByText(/150 %/)).toBeInTheDocument();
  expect(screen.queryByRole("form", { name: "Set a budget" })).toBeNull();
});
