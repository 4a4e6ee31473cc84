import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { describe, expect, it, vi } from "vitest";
import { Actions } from "@/execution/Actions";
import { EventBody } from "@/execution/EventBody";
import { ExecutionTable } from "@/list/ExecutionTable";
import type { Identity } from "@/api/types";
import { buildTree } from "@/trace/tree";
import Markdown from "@/ui/Markdown";
import { Viewer } from "@/ui/Viewer";
import { anExecution, showWith } from "./fake-api";
import { oneTask } from "./trace-events";

const execution = anExecution({ status: "RUNNING", message: "Running" });

const show = (
  children: ReactNode,
  { role = "admin", GET = vi.fn() }: { role?: Identity["role"]; GET?: ReturnType<typeof vi.fn> } = {},
) => showWith({ GET }, children, { role });

const NO_NOTIFY = { on: false, possible: false, toggle: vi.fn() };

describe("Rendered markdown", () => {
  it("shows HTML as text, keeps addresses harmless and fetches nothing", () => {
    const { container } = render(
      <Markdown
        text={
          "<script>alert(1)</script>\n\n[go](javascript:alert(1)) [ok](https://example.org) ![tracking](https://example.org/x.png)\n\n<img src=x onerror=alert(1)>"
        }
      />,
    );
    expect(container.querySelector("script, img, [onerror]")).toBeNull();
    expect(container).toHaveTextContent("<script>alert(1)</script>");
    expect(container).toHaveTextContent("[image: tracking]");
    expect([...container.querySelectorAll("a")].map((link) => link.getAttribute("href")).filter(Boolean)).toEqual([
      "https://example.org",
    ]);
    expect(screen.getByRole("link", { name: "ok" })).toHaveAttribute("rel", expect.stringContaining("noreferrer"));
  });

  it("puts its headings below those of the page", () => {
    render(<Markdown text="# Top" />);
    expect(screen.getByRole("heading", { level: 3, name: "Top" })).toBeInTheDocument();
  });
});

describe("A body", () => {
  it("that is large is fetched only when asked for", async () => {
    const data = new Blob(["the whole of it"]);
    const GET = vi.fn().mockResolvedValue({ data, response: new Response(null, { status: 200 }) });
    const reference = {
      url: "/api/v1/executions/x/traces/1.5/output",
      bytes: 2_000_001,
      content_type: "text/plain",
      preview: "the beginning",
    };
    show(<Viewer name="b" value={null} reference={reference} look="raw" />, { GET });
    expect(screen.getByText("the beginning")).toBeInTheDocument();
    expect(GET).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("button", { name: "Show everything" }));
    expect(await screen.findByText("the whole of it")).toBeInTheDocument();
  });

  it("of one endless line is shown portion by portion", async () => {
    show(<Viewer name="b" value={"x".repeat(1_000_000)} />);
    expect(screen.getByText(/^x+$/).textContent).toHaveLength(100_000);
    await userEvent.click(screen.getByRole("button", { name: "Show more" }));
    expect(screen.getByText(/^x+$/).textContent).toHaveLength(600_000);
  });

  it("of JSON is a tree at first, and raw when asked", async () => {
    show(<Viewer name="b" value={{ city: "Rome" }} />);
    expect(await screen.findByText("city:")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Raw" }));
    expect(screen.getByText(/"city": "Rome"/)).toBeInTheDocument();
  });
});

describe("An event", () => {
  it("of a failed tool shows its arguments and the error", () => {
    show(<EventBody span={buildTree(oneTask(), { ended: true }).spans.get("1.6")!} before={undefined} />);
    expect(screen.getByRole("heading", { name: "Arguments" })).toBeInTheDocument();
    expect(screen.getByRole("heading", { name: "Error" })).toBeInTheDocument();
    expect(screen.getByText("no such host")).toBeInTheDocument();
  });
});

describe("What may be done", () => {
  it("by a member is to cancel what runs, once it is confirmed", async () => {
    show(<Actions execution={execution} trace={undefined} notify={NO_NOTIFY} />, { role: "member" });
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.getByRole("dialog", { name: "Cancel this execution?" })).toBeInTheDocument();
  });

  it("to an execution that has ended, is to delete it by an admin alone", async () => {
    for (const role of ["admin", "member"] as const) {
      const { unmount } = show(
        <Actions execution={{ ...execution, status: "COMPLETED" }} trace={undefined} notify={NO_NOTIFY} />,
        {
          role,
        },
      );
      await userEvent.click(screen.getByRole("button", { name: "More actions" }));
      expect(screen.queryAllByRole("menuitem", { name: /delete/i })).toHaveLength(role === "admin" ? 1 : 0);
      unmount();
    }
  });

  it("by a viewer is neither to cancel, to run again nor to delete", async () => {
    show(<Actions execution={{ ...execution, status: "COMPLETED" }} trace={undefined} notify={NO_NOTIFY} />, {
      role: "viewer",
    });
    expect(screen.queryByRole("button", { name: /cancel|again/i })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "More actions" }));
    expect(screen.queryByRole("menuitem", { name: /delete/i })).toBeNull();
    expect(screen.getByRole("menuitem", { name: /download the trace/i })).toBeInTheDocument();
  });
});

describe("The list", () => {
  it("tells status, progress and cost, and leads to the execution", () => {
    show(
      <ExecutionTable
        executions={[execution, { ...execution, execution_id: "01a1", status: "WAITING" }]}
        now={Date.parse("2026-11-24T10:00:05Z")}
        picked={[]}
        sort=""
        onSort={vi.fn()}
        onPick={vi.fn()}
      />,
    );
    expect(screen.getByText("Running", { selector: ".status" })).toBeInTheDocument();
    expect(screen.getByText("Waiting")).toBeInTheDocument();
    expect(screen.getAllByRole("progressbar", { name: "1 of 4 tasks" })).toHaveLength(2);
    expect(screen.getAllByRole("link", { name: "report" })[0]).toHaveAttribute("href", "/g/demo/executions/01a2");
  });

  it("lets two be picked to compare, and no third one in the place of another", async () => {
    const onPick = vi.fn();
    show(
      <ExecutionTable executions={[execution]} now={0} picked={["x", "y"]} sort="" onSort={vi.fn()} onPick={onPick} />,
    );
    expect(screen.getByRole("checkbox")).toBeDisabled();
    await userEvent.click(screen.getByRole("checkbox"));
    expect(onPick).not.toHaveBeenCalled();
  });
});
