import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { describe, expect, it, vi } from "vitest";
import { CrewPage } from "@/crews/CrewPage";
import { showWith } from "./fake-api";

const CREW = {
  name: "report",
  version: 3,
  tasks: 1,
  agents: 1,
  updated_at: "2026-11-24T10:00:00Z",
  updated_by: "ada@example.com",
  kind: "flow",
  config: { agents: { writer: { role: "Writer" } }, tasks: [{ name: "write", agent: "writer" }] },
  inputs: { topic: "tides", count: 3 },
  placeholders: ["tone", "topic"],
  project: {
    bundle: "ab".repeat(32),
    entry: "report.main:ReportFlow",
    kind: "flow",
    function: "stack-project-report:7",
    environment: ["OPENAI_API_KEY", "SERPER_API_KEY", "SHOP_KEY"],
    needs: { SERPER_API_KEY: "The tool Search", SHOP_KEY: "src/report/shop.py:12" },
    inputs: ["topic"],
    tools: ["Search"],
    files: ["src/report/main.py"],
  },
};
const good = (data: unknown) => Promise.resolve({ data, response: new Response(null, { status: 200 }) });
const GET = vi.fn((path: string, { params }: { params?: { query?: { version?: number } } } = {}) => {
  if (path === "/api/v1/files") return good({ files: [{ name: "tides.csv", state: "ready" }] });
  if (path === "/api/v1/secrets") return good({ secrets: [{ name: "SHOP_KEY", set_at: "", set_by: null, crews: [] }] });
  if (path.endsWith("/aliases")) {
    return good({ aliases: [{ alias: "prod", version: 2, moved_at: "2026-11-24T10:00:00Z", moved_by: null }] });
  }
  return good({ ...CREW, version: params?.query?.version ?? 3 });
});
const page = (
  <Routes>
    <Route path="/crews/:name" element={<CrewPage />} />
    <Route path="*" element={<p>elsewhere</p>} />
  </Routes>
);

describe("A project's page", () => {
  it("tells its entry, its versions, what it is made of, and which secrets are missing", async () => {
    showWith({ GET }, page, { at: "/crews/report" });
    expect(await screen.findByText("report.main:ReportFlow")).toBeInTheDocument();
    expect(screen.getByLabelText("Version")).toHaveDisplayValue("3 (latest)");
    const rows = within(await screen.findByRole("region", { name: "Environment" }))
      .getAllByRole("row")
      .slice(1);
    expect(rows.map((row) => row.textContent)).toEqual([
      "OPENAI_API_KEYnot setmay do without",
      "SERPER_API_KEYmissing stepcrew secrets set SERPER_API_KEYThe tool Search",
      "SHOP_KEYsetsrc/report/shop.py:12",
    ]);
    expect(within(screen.getByRole("region", { name: "Files" })).getByText("src/report/main.py")).toBeInTheDocument();
    expect(within(screen.getByRole("region", { name: "Tools" })).getByText("Search")).toBeInTheDocument();
  });

  it("shows the version an alias stands for", async () => {
    showWith({ GET }, page, { at: "/crews/report" });
    const aliases = await screen.findByRole("region", { name: "Aliases" });
    await userEvent.click(within(aliases).getByRole("button", { name: "2" }));
    expect(await screen.findByRole("group", { name: "Run version 2" })).toBeInTheDocument();
  });

  it("runs the version that is shown, with what was typed and nothing else", async () => {
    const POST = vi.fn(() => good({ execution_id: "01a2", status: "PENDING", replayed: false }));
    showWith({ GET, POST }, page, { at: "/crews/report?version=2", role: "member" });
    await userEvent.type(await screen.findByRole("textbox", { name: /^tone/ }), "dry");
    await userEvent.clear(screen.getByRole("textbox", { name: "count" }));
    await userEvent.type(screen.getByRole("textbox", { name: "count" }), "5");
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    expect(await screen.findByText("elsewhere")).toBeInTheDocument();
    expect(POST).toHaveBeenCalledWith(
      "/api/v1/executions",
      expect.objectContaining({ body: { crew: "report@2", inputs: { tone: "dry", count: 5 } } }),
    );
  });

  it("runs with a file of the group as an input", async () => {
    const POST = vi.fn(() => good({ execution_id: "01a2", status: "PENDING", replayed: false }));
    showWith({ GET, POST }, page, { at: "/crews/report", role: "member" });
    await userEvent.selectOptions(await screen.findByLabelText("File for tone"), "tides.csv");
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    expect(POST).toHaveBeenCalledWith(
      "/api/v1/executions",
      expect.objectContaining({ body: { crew: "report@3", inputs: { tone: { file: "tides.csv" } } } }),
    );
  });

  it("offers viewers no run", async () => {
    showWith({ GET }, page, { at: "/crews/report", role: "viewer" });
    expect(await screen.findByText("report.main:ReportFlow")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Run" })).not.toBeInTheDocument();
  });
});
