import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { describe, expect, it, vi } from "vitest";
import { BatchesPage } from "@/batches/BatchesPage";
import { BatchPage } from "@/batches/BatchPage";
import { rowsOf } from "@/batches/rows";
import * as files from "@/lib/files";
import { showWith } from "./fake-api";

const BATCH = {
  batch_id: "01a2-b",
  name: "june",
  crew: "poems@3",
  status: "RUNNING",
  reason: "",
  revision: 7,
  total: 10,
  pending: 4,
  counts: { running: 2, completed: 3, failed: 1, cancelled: 0 },
  usage: { executions: 4, model_calls: 4, total_tokens: 1200, cost_usd: 0.04, unpriced: 1 },
  max_concurrency: 2,
  tolerated_failures: 5,
  submitted_by: "ada@example.com",
  created_at: "2026-11-24T10:00:00Z",
  cancel_requested_at: null,
  round: 1,
};
const ENDED = { ...BATCH, status: "FAILED", reason: "6 rows failed; 5 were tolerated." };
const ROW = { row: 2, status: "FAILED", execution_id: "01a3-0000-e", reason: "It broke.", cost_usd: 0.01 };
const good = (data: unknown, headers = {}) =>
  Promise.resolve({ data, response: new Response(null, { status: 200, headers }) });

function api(batch: unknown = BATCH, more = {}) {
  const GET = vi.fn((path: string, { params }: { params?: { query?: { cursor?: string } } } = {}) => {
    if (path === "/api/v1/batches") return good({ batches: [batch], next_cursor: null });
    if (path === "/api/v1/batches/{batch_id}") return good(batch);
    if (path.endsWith("/rows")) return good({ rows: [ROW], next_cursor: null });
    if (path.endsWith("/results")) {
      return params?.query?.cursor
        ? good('{"row":2}\n')
        : good('{"row":1}\n', { link: '</api/v1/batches/01a2-b/results?limit=100&cursor=on>; rel="next"' });
    }
    return good({ crews: [], next_cursor: null });
  });
  return { GET, ...more };
}

const one = (
  <Routes>
    <Route path="/b/:id" element={<BatchPage />} />
  </Routes>
);

describe("The batches of a group", () => {
  it("are listed with how far they are and what they cost", async () => {
    showWith(api(), <BatchesPage />);
    const row = (await screen.findByRole("link", { name: "june" })).closest("tr") as HTMLElement;
    expect(within(row).getByRole("progressbar", { name: "4 of 10 rows" })).toBeInTheDocument();
    expect(row).toHaveTextContent("Running");
    expect(row).toHaveTextContent("$0.04");
  });

  it("are run from a file", async () => {
    const POST = vi.fn(() => good(BATCH));
    showWith(api(BATCH, { POST }), <BatchesPage />, { role: "member" });
    await userEvent.type(screen.getByLabelText(/Crew/), "poems");
    await userEvent.upload(screen.getByLabelText(/^Rows/), new File(["topic\nrain\n"], "june.csv"));
    expect(await screen.findByText("1 rows")).toBeInTheDocument();
    await userEvent.type(screen.getByLabelText(/At once/), "3");
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    expect(POST).toHaveBeenCalledWith(
      "/api/v1/batches",
      expect.objectContaining({ body: { crew: "poems", inputs: [{ topic: "rain" }], max_concurrency: 3 } }),
    );
  });

  it("are only looked at by viewers", async () => {
    showWith(api(), <BatchesPage />, { role: "viewer" });
    await screen.findByRole("link", { name: "june" });
    expect(screen.queryByRole("form", { name: "Run a batch" })).toBeNull();
  });
});

describe("One batch", () => {
  it("shows counts, rows with their reasons, and is cancelled", async () => {
    const POST = vi.fn(() => good({ ...BATCH, cancel_requested_at: "2026-11-24T10:01:00Z" }));
    showWith(api(BATCH, { POST }), one, { at: "/b/01a2-b", role: "member" });
    expect(await screen.findByText("2 of 2 at once")).toBeInTheDocument();
    expect(await screen.findByText("It broke.")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(POST).toHaveBeenCalledWith("/api/v1/batches/{batch_id}/cancel", {
      params: { path: { batch_id: "01a2-b" } },
    });
    expect(await screen.findByText("Cancelling")).toBeInTheDocument();
  });

  it("is retried once it has ended, and its results are one file", async () => {
    const POST = vi.fn(() => good(BATCH));
    const download = vi.spyOn(files, "download").mockImplementation(() => undefined);
    showWith(api(ENDED, { POST }), one, { at: "/b/01a2-b", role: "member" });
    expect(await screen.findByText(/5 were tolerated/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Results" }));
    await waitFor(() =>
      expect(download).toHaveBeenCalledWith("01a2-b.jsonl", "application/jsonl", '{"row":1}\n{"row":2}\n'),
    );
    await userEvent.click(screen.getByRole("button", { name: /Retry/ }));
    expect(POST).toHaveBeenCalledWith("/api/v1/batches/{batch_id}/retry", { params: { path: { batch_id: "01a2-b" } } });
  });
});

describe("Rows of a file", () => {
  it("are those of a CSV, of JSON Lines and of a list", () => {
    expect(rowsOf("a.csv", '\uFEFFtopic,note\r\nrain,"wet, ""cold""\nand dark"\r\nsnow,\r\n')).toEqual([
      { topic: "rain", note: 'wet, "cold"\nand dark' },
      { topic: "snow", note: "" },
    ]);
    expect(rowsOf("a.jsonl", '{"a": 1}\n\n{"a": 2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
    expect(rowsOf("a.json", ' [{"a": 1}]')).toEqual([{ a: 1 }]);
  });

  it("are refused with the line that is wrong", () => {
    expect(() => rowsOf("a.jsonl", '{"a": 1}\n{')).toThrow("Line 2 is no JSON.");
    expect(() => rowsOf("a.csv", 'a\nx"y\n')).toThrow("Line 2 is no CSV.");
  });
});
