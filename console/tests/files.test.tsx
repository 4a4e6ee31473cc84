import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Artifacts } from "@/files/Artifacts";
import { FilesPage } from "@/files/FilesPage";
import { anExecution, showWith } from "./fake-api";

const FILE = {
  name: "prices.csv",
  bytes: 24,
  media_type: "text/csv",
  sha256: "ab",
  uploaded_at: "2026-11-24T10:00:00Z",
  uploaded_by: "ada@example.com",
  embedder: "openai/small",
  state: "ready",
  reason: null,
  chunks: 3,
};
const BROKEN = {
  ...FILE,
  name: "broken.pdf",
  media_type: "application/pdf",
  state: "failed",
  reason: "It is broken.",
  chunks: 0,
};
const good = (data: unknown, status = 200) => Promise.resolve({ data, response: new Response(null, { status }) });
const address = { file: FILE, url: "https://bucket/prices.csv", view_url: null };
const GET = (path: string) => good(path === "/api/v1/files" ? { files: [FILE, BROKEN] } : address);

const sent: { url: string; headers: Record<string, string> }[] = [];

/** The browser's own, as far as an upload goes. */
class FakeRequest {
  upload: { onprogress?: (event: { loaded: number }) => void } = {};
  status = 200;
  onload?: () => void;
  readonly headers: Record<string, string> = {};
  private url = "";
  open(_method: string, url: string) {
    this.url = url;
  }
  setRequestHeader(name: string, value: string) {
    this.headers[name] = value;
  }
  send() {
    this.upload.onprogress?.({ loaded: 1 });
    sent.push({ url: this.url, headers: this.headers });
    this.onload?.();
  }
}

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("name,price\ntea,3\nmilk,2\n")));
});

describe("The files of a group", () => {
  it("are listed with size, kind, state and reason", async () => {
    showWith({ GET }, <FilesPage />);
    expect((await screen.findByText("prices.csv")).closest("tr")).toHaveTextContent("24 Btext/csvReady, 3 chunks");
    expect(screen.getByText("broken.pdf").closest("tr")).toHaveTextContent("Failed: It is broken.");
  });

  it("are uploaded to the address that the API answers, which is asked again then", async () => {
    const upload = { url: "https://bucket/new", headers: { "x-amz-checksum-sha256": "c" } };
    const PUT = vi.fn().mockReturnValueOnce(good(upload, 202)).mockReturnValueOnce(good(FILE));
    showWith({ GET, PUT }, <FilesPage />, { role: "member" });
    await userEvent.upload(await screen.findByLabelText("Files", { selector: "input" }), new File(["tea"], "new.md"));
    await waitFor(() => expect(PUT).toHaveBeenCalledTimes(2));
    expect(PUT).toHaveBeenLastCalledWith("/api/v1/files/{name}", {
      params: { path: { name: "new.md" } },
      body: { bytes: 3, embedder: null, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    expect(sent).toEqual([{ url: "https://bucket/new", headers: { "x-amz-checksum-sha256": "c" } }]);
  });

  it("that the API refuses say why", async () => {
    const refused = {
      error: { detail: "Files like a.exe cannot be read here." },
      response: new Response(null, { status: 422 }),
    };
    const PUT = () => Promise.resolve(refused);
    showWith({ GET, PUT }, <FilesPage />, { role: "member" });
    await userEvent.upload(await screen.findByLabelText("Files", { selector: "input" }), new File(["x"], "a.exe"));
    expect(await screen.findByText(/Files like a.exe cannot be read here/)).toBeInTheDocument();
  });

  it("are shown as what they are: CSV as a table", async () => {
    showWith({ GET }, <FilesPage />);
    await userEvent.click(await screen.findByRole("button", { name: "prices.csv" }));
    const table = within(await screen.findByRole("dialog")).getByRole("region", { name: "prices.csv" });
    expect(within(table).getByRole("columnheader", { name: "price" })).toBeInTheDocument();
    expect(within(table).getByRole("cell", { name: "milk" })).toBeInTheDocument();
  });

  it("are removed with a receipt", async () => {
    const DELETE = vi.fn(() => good({ name: "prices.csv", bytes: 24, chunks: 3, deleted_at: FILE.uploaded_at }));
    showWith({ GET, DELETE }, <FilesPage />, { role: "member" });
    await userEvent.click(await screen.findByRole("button", { name: "Remove prices.csv" }));
    await userEvent.click(screen.getByRole("button", { name: "Remove" }));
    expect(await screen.findByText("Removed prices.csv: 24 B and 3 chunks.")).toBeInTheDocument();
    expect(DELETE).toHaveBeenCalledWith("/api/v1/files/{name}", { params: { path: { name: "prices.csv" } } });
  });

  it("are only looked at by viewers", async () => {
    showWith({ GET }, <FilesPage />, { role: "viewer" });
    await screen.findByText("prices.csv");
    expect(screen.queryByRole("button", { name: /Remove|Choose/ })).toBeNull();
  });
});

describe("The files that an execution hands over", () => {
  it("are shown when they are opened", async () => {
    const artifacts = [{ name: "out/tea.md", task: "write", media_type: "text/markdown", bytes: 5 }];
    const read = vi.fn((path: string) =>
      path.endsWith("/artifacts")
        ? good({ artifacts })
        : Promise.resolve({
            data: new Blob(["# Tea"]),
            response: new Response(null, { headers: { "content-type": "text/markdown" } }),
          }),
    );
    showWith({ GET: read }, <Artifacts execution={anExecution()} />);
    await userEvent.click(await screen.findByText("out/tea.md"));
    expect(await screen.findByRole("heading", { name: "Tea" })).toBeInTheDocument();
    expect(read.mock.lastCall?.[0]).toBe("/api/v1/executions/01a2/artifacts/out/tea.md");
  });

  it("are saved as they are where they are no text", async () => {
    const artifacts = [{ name: "output/a b.png", task: null, media_type: "image/png", bytes: 3 }];
    const content = new Blob([new Uint8Array([0, 255, 1])]);
    const saved = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:here");
    const read = vi.fn((path: string) =>
      path.endsWith("/artifacts")
        ? good({ artifacts })
        : Promise.resolve({
            data: content,
            response: new Response(null, { headers: { "content-type": "image/png" } }),
          }),
    );
    showWith({ GET: read }, <Artifacts execution={anExecution()} />);
    await userEvent.click(await screen.findByRole("button", { name: "Download output/a b.png" }));
    await waitFor(() => expect(saved).toHaveBeenCalledOnce());
    expect(saved.mock.lastCall?.[0]).toMatchObject({ type: "image/png", size: 3 });
    expect(read.mock.lastCall?.[0]).toBe("/api/v1/executions/01a2/artifacts/output/a%20b.png");
  });
});
