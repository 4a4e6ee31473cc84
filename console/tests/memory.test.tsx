import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import * as files from "@/lib/files";
import { hitsOf } from "@/trace/hits";
import { treeOf } from "@/memory/memory";
import { MemoryPage } from "@/memory/MemoryPage";
import { showWith } from "./fake-api";

const scope = (path: string, records = 1) => ({
  path,
  records,
  embedder: "openai/small",
  dimension: 256,
  oldest: "2026-11-20T10:00:00Z",
  newest: "2026-11-24T10:00:00Z",
  backend: "table" as const,
  moving_to: null as string | null,
  moving_into: null,
  reason: "",
});
const SCOPES = [scope("/crews/shop", 3), scope("/crews/shop/agent", 2), scope("/crews/shop/agent/ada", 2)];
const RECORD = {
  record_id: "r1",
  scope: "/crews/shop/agent/ada",
  content: "Ada prefers tea.",
  categories: ["taste"],
  metadata: { table: 4 },
  importance: 0.7,
  source: null,
  private: false,
  created_at: "2026-11-24T10:00:00Z",
  updated_at: "2026-11-24T10:00:00Z",
  execution_id: "01a2-0000-0000",
  expires_at: null,
};
const RECEIPT = { scope: RECORD.scope, records: 1, vectors: 2, executions: ["01a2-0000-0000"], deleted_at: "" };
const good = (data: unknown, headers = {}) =>
  Promise.resolve({ data, response: new Response(null, { status: 200, headers }) });
const refused = (detail: string) =>
  Promise.resolve({ error: { detail }, response: new Response(null, { status: 403 }) });

interface Asked {
  params?: { query?: { cursor?: string } };
}

function api(more: object = {}) {
  const GET = vi.fn((path: string, { params }: Asked = {}) => {
    const on = params?.query?.cursor;
    if (path.endsWith("/records")) {
      return good(
        on
          ? { records: [{ ...RECORD, record_id: "r2", content: "Second." }], next_cursor: null }
          : { records: [RECORD], next_cursor: "on" },
      );
    }
    if (path.endsWith("/export")) {
      const link = { link: '</api/v1/memory/export?limit=1&cursor=on%3D>; rel="next"' };
      return on ? good('{"n":2}\n') : good('{"n":1}\n', link);
    }
    return good({ scopes: SCOPES });
  });
  return { GET, ...more };
}

const AT = "/?scope=%2Fcrews%2Fshop%2Fagent%2Fada";

describe("The memory of a group", () => {
  it("is a tree of scopes with the records of the one that is chosen", async () => {
    const given = api();
    showWith(given, <MemoryPage />);
    const tree = await screen.findByRole("navigation", { name: "Scopes" });
    expect(within(tree).getByRole("link", { current: "page" })).toHaveTextContent("All");
    await userEvent.click(within(tree).getByRole("link", { name: /^agent/ }));
    expect(await screen.findByRole("heading", { name: "/crews/shop/agent" })).toBeInTheDocument();
    expect(screen.getByText(/openai\/small, 256 dimensions/)).toBeInTheDocument();
    await waitFor(() =>
      expect(given.GET).toHaveBeenCalledWith("/api/v1/memory/records", {
        params: { query: { limit: 50, scope: "/crews/shop/agent" } },
      }),
    );
  });

  it("tells of each record what it says, how much it counts and whom it comes from", async () => {
    showWith(api(), <MemoryPage />);
    const row = (await screen.findByRole("button", { name: "Ada prefers tea." })).closest("tr") as HTMLElement;
    expect(row).toHaveTextContent("taste");
    expect(row).toHaveTextContent("0.70");
    expect(within(row).getByRole("link")).toHaveAttribute("href", "/g/demo/executions/01a2-0000-0000");
    await userEvent.click(screen.getByRole("button", { name: "Ada prefers tea." }));
    expect(within(screen.getByRole("dialog")).getByText("r1")).toBeInTheDocument();
  });

  it("comes page by page and is searched by words", async () => {
    const given = api();
    showWith(given, <MemoryPage />);
    await userEvent.click(await screen.findByRole("button", { name: "More" }));
    expect(await screen.findByText("Second.")).toBeInTheDocument();
    await userEvent.type(screen.getByRole("searchbox", { name: "Search words" }), "tea");
    await waitFor(() =>
      expect(given.GET).toHaveBeenCalledWith("/api/v1/memory/records", {
        params: { query: { limit: 50, words: "tea" } },
      }),
    );
  });

  it("is searched by its meaning within a scope, when it is asked", async () => {
    const given = api();
    const GET = vi.fn((path: string, options: Asked) =>
      path.endsWith("/search") ? good({ hits: [{ record: RECORD, score: 0.734 }] }) : given.GET(path, options),
    );
    showWith({ GET }, <MemoryPage />, { at: AT, role: "member" });
    await userEvent.type(await screen.findByRole("textbox", { name: "Search by meaning" }), "hot drinks");
    expect(GET.mock.calls.some(([path]) => path.endsWith("/search"))).toBe(false);
    await userEvent.click(screen.getByRole("button", { name: "Ask" }));
    expect(await screen.findByText("0.73")).toBeInTheDocument();
    expect(GET).toHaveBeenCalledWith("/api/v1/memory/search", {
      params: { query: { scope: "/crews/shop/agent/ada", query: "hot drinks", limit: 50 } },
    });
    await userEvent.click(screen.getByRole("button", { name: "Show all" }));
    expect(await screen.findByRole("button", { name: "More" })).toBeInTheDocument();
  });

  it("tells that it is on its way to another embedding model, and why it does not get there", async () => {
    const moving = { ...scope(RECORD.scope), moving_to: "openai/large", reason: "It is down." };
    showWith(
      { GET: (path: string) => good(path.endsWith("/records") ? { records: [] } : { scopes: [moving] }) },
      <MemoryPage />,
      { at: AT },
    );
    expect(await screen.findByText(/on its way to openai\/large: It is down\./)).toBeInTheDocument();
  });

  it("is sent to another embedding model by an admin", async () => {
    const POST = vi.fn(() => good({ ...SCOPES[0], moving_to: "openai/large" }));
    showWith(api({ POST }), <MemoryPage />, { at: "/?scope=%2Fcrews%2Fshop", role: "admin" });
    await userEvent.click(await screen.findByRole("button", { name: "Change embedding model" }));
    await userEvent.type(screen.getByLabelText(/Embedding model/), "openai/large");
    await userEvent.click(screen.getByRole("button", { name: "Begin" }));
    expect(POST).toHaveBeenCalledWith("/api/v1/memory/reembed", {
      body: { scope: "/crews/shop", embedder: "openai/large", backend: null },
    });
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    await userEvent.click(screen.getByRole("button", { name: "Change embedding model" }));
    await userEvent.clear(screen.getByLabelText(/Embedding model/));
    await userEvent.selectOptions(screen.getByLabelText(/Vectors lie in/), "Amazon S3 Vectors");
    await userEvent.click(screen.getByRole("button", { name: "Begin" }));
    expect(POST).toHaveBeenLastCalledWith("/api/v1/memory/reembed", {
      body: { scope: "/crews/shop", embedder: null, backend: "s3vectors" },
    });
  });

  it("is exported whole as one file", async () => {
    const download = vi.spyOn(files, "download").mockImplementation(() => undefined);
    const given = api();
    showWith(given, <MemoryPage />, { at: AT, role: "viewer" });
    await userEvent.click(await screen.findByRole("button", { name: "Export" }));
    await waitFor(() =>
      expect(download).toHaveBeenCalledWith(
        "memory-crews-shop-agent-ada.jsonl",
        "application/jsonl",
        '{"n":1}\n{"n":2}\n',
      ),
    );
    expect(given.GET).toHaveBeenCalledWith("/api/v1/memory/export", {
      params: { query: { scope: "/crews/shop/agent/ada", cursor: "on=" } },
      parseAs: "text",
    });
  });

  it("loses one record after a question, and says what went", async () => {
    const DELETE = vi.fn(() => good(RECEIPT));
    showWith(api({ DELETE }), <MemoryPage />, { role: "member" });
    await userEvent.click(await screen.findByRole("button", { name: "Remove: Ada prefers tea." }));
    expect(DELETE).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: "Remove" }));
    expect(await screen.findByText(/Removed 1 record and 2 kept vectors/)).toBeInTheDocument();
    expect(screen.getByText("Written by one execution")).toBeInTheDocument();
    expect(DELETE).toHaveBeenCalledWith("/api/v1/memory/records/{record_id}", {
      params: { path: { record_id: "r1" } },
    });
  });

  it("loses a whole scope by an admin alone", async () => {
    const DELETE = vi.fn<(path: string, options: { pathSerializer: (path: string) => string }) => unknown>(() =>
      good({ ...RECEIPT, records: 2 }),
    );
    showWith(api({ DELETE }), <MemoryPage />, { at: AT, role: "admin" });
    await userEvent.click(await screen.findByRole("button", { name: /Remove the scope/ }));
    expect(screen.getByText(/2 records in it and below go for good/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Remove" }));
    expect(await screen.findByText(/Removed 2 records/)).toBeInTheDocument();
    const [path, options] = DELETE.mock.calls[0] ?? [];
    expect(options?.pathSerializer(path ?? "")).toBe("/api/v1/memory/scopes/crews/shop/agent/ada");
    expect(await screen.findByRole("heading", { name: "All" })).toBeInTheDocument();
  });

  it("is only looked at by viewers, and no scope is removed by members", async () => {
    showWith(api(), <MemoryPage />, { at: AT, role: "viewer" });
    await screen.findByText("Ada prefers tea.");
    expect(screen.queryByRole("button", { name: /^Remove/ })).toBeNull();
  });

  it("says so where nothing was removed, and where there is nothing", async () => {
    const DELETE = vi.fn(() => refused("You may not."));
    showWith(api({ DELETE }), <MemoryPage />, { role: "member" });
    await userEvent.click(await screen.findByRole("button", { name: "Remove: Ada prefers tea." }));
    await userEvent.click(screen.getByRole("button", { name: "Remove" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("You may not.");
    showWith({ GET: () => good({ scopes: [] }) }, <MemoryPage />);
    expect(await screen.findByText("The group remembers nothing")).toBeInTheDocument();
  });
});

describe("What a search in memory found", () => {
  const hit = {
    record: { content: "Ada prefers tea.", scope: "/crews/shop" },
    score: 0.73,
    match_reasons: ["recency"],
  };

  it("is told apart from other bodies", () => {
    expect(hitsOf([hit])).toEqual([{ text: "Ada prefers tea.", scope: "/crews/shop", score: 0.73 }]);
    expect(hitsOf([])).toEqual([]);
    for (const other of ["text", [hit, "text"], [{ record: null, score: 1 }], [null], { hit }]) {
      expect(hitsOf(other)).toBeNull();
    }
  });
});

describe("Scopes as a tree", () => {
  it("lie below the one above them, whatever their order", () => {
    const tops = treeOf(["/crews/a/b/c", "/crews/a", "/crews/a-b", "/crews/a/b", "/shared"].map((path) => scope(path)));
    expect(tops.map(({ name }) => name)).toEqual(["/crews/a", "/crews/a-b", "/shared"]);
    expect(tops[0]?.below[0]?.below[0]?.name).toBe("c");
  });
});
