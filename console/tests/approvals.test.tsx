import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { ApprovalsPage } from "@/approvals/ApprovalsPage";
import { FakeApi, anApproval, anExecution, showWith } from "./fake-api";

const press = async (name: string | RegExp) => userEvent.click(await screen.findByRole("button", { name }));

describe("An answer that waits", () => {
  it("is shown rendered, and approved with one press", async () => {
    const api = new FakeApi([anApproval()]);
    showWith(api, <ApprovalsPage />);
    expect(await screen.findByText("Tides", { selector: "strong" })).toBeInTheDocument();
    await press("Approve");
    expect(api.sent).toEqual([{ decision: "approve", approval_id: "01a2.1" }]);
    expect(await screen.findByText("Approved by ada@example.org")).toBeInTheDocument();
    expect(screen.queryByRole("form", { name: "Decide" })).toBeNull();
  });

  it("goes back to the agent only with a comment", async () => {
    const api = new FakeApi([anApproval()]);
    showWith(api, <ApprovalsPage />);
    await press("Ask to revise…");
    expect(screen.getByRole("button", { name: "Send back" })).toBeDisabled();
    await userEvent.type(screen.getByRole("textbox", { name: /comment/i }), "Shorter, please");
    await press("Send back");
    expect(api.sent).toEqual([{ decision: "revise", comment: "Shorter, please", approval_id: "01a2.1" }]);
  });

  it("may be approved in other words, of which the large ones are fetched first", async () => {
    const api = new FakeApi([
      anApproval({
        output: null,
        output_reference: { url: "/api/v1/whole", bytes: 90_000, content_type: "text/plain", preview: "The begin" },
      }),
    ]);
    api.bodies.set("/api/v1/whole", "The whole answer");
    showWith(api, <ApprovalsPage />);
    await press("Approve with changes…");
    const editor = await screen.findByRole("textbox", { name: /as it should be/ });
    expect(editor).toHaveValue("The whole answer");
    await userEvent.type(editor, " and more");
    await press("Approve this answer");
    expect(api.sent[0]).toMatchObject({ decision: "approve", output: "The whole answer and more" });
  });

  it("is rejected with words, and says what that means", async () => {
    const api = new FakeApi([anApproval()]);
    showWith(api, <ApprovalsPage />);
    await press("Reject…");
    expect(screen.getByText(/ends as failed/)).toBeInTheDocument();
    await userEvent.type(screen.getByRole("textbox", { name: /comment/i }), "Wrong sea");
    await press("Reject");
    expect(api.sent[0]).toMatchObject({ decision: "reject", comment: "Wrong sea" });
    expect(await screen.findByText("Rejected by ada@example.org")).toBeInTheDocument();
  });
});

describe("A tool call that waits", () => {
  const call = { call_id: "c1", tool_name: "send_mail", arguments: { to: "bob" } };

  it("shows its arguments, and is allowed or refused but never revised", async () => {
    const api = new FakeApi([anApproval({ kind: "tool", output: null, tools: [call] })]);
    showWith(api, <ApprovalsPage />);
    expect(await screen.findByRole("heading", { name: "Allow send_mail" })).toBeInTheDocument();
    expect(await screen.findByText("to:")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /revise|changes/ })).toBeNull();
    await press("Allow");
    expect(api.sent[0]).toMatchObject({ decision: "approve" });
  });
});

describe("A used-up budget", () => {
  const plain = anExecution();
  const spent = anExecution({
    limits: { ...plain.limits, max_tokens: 1000, max_cost_usd: 2 },
    usage: { ...plain.usage, total_tokens: 1020, model_calls: 3, cost_usd: 0.5 },
  });

  it("tells what was used, and goes on only with more", async () => {
    const api = new FakeApi([anApproval({ kind: "budget", output: null, limit: "max_tokens" })], spent);
    showWith(api, <ApprovalsPage />);
    expect(await screen.findByRole("meter", { name: "1,020 tokens of 1,000 tokens used" })).toBeInTheDocument();
    const tokens = await screen.findByRole("spinbutton", { name: /Tokens/ });
    expect(tokens).toHaveValue(2000);
    await userEvent.clear(tokens);
    await userEvent.type(tokens, "900");
    expect(screen.getByRole("button", { name: "Go on with these limits" })).toBeDisabled();
    await userEvent.clear(tokens);
    await userEvent.type(tokens, "5000");
    await press("Go on with these limits");
    expect(api.sent[0]).toEqual({ decision: "approve", limits: { max_tokens: 5000 }, approval_id: "01a2.1" });
  });
});

describe("Who decides", () => {
  it("is told to who may not", async () => {
    showWith(new FakeApi([anApproval({ may_decide: false, deciders: ["carol@example.org"] })]), <ApprovalsPage />);
    expect(await screen.findByText("carol@example.org")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /^(approve|reject)/i })).toBeNull();
  });

  it("is never a viewer", async () => {
    showWith(new FakeApi([anApproval({ may_decide: false })]), <ApprovalsPage />, { role: "viewer" });
    expect(await screen.findByText(/everyone who may run crews/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /^(approve|reject)/i })).toBeNull();
  });

  it("may be somebody who was faster, whose word is shown", async () => {
    const api = new FakeApi([anApproval()]);
    showWith(api, <ApprovalsPage />);
    await screen.findByRole("button", { name: "Approve" });
    api.decide(1, { kind: "reject", comment: "Too late" });
    await press("Approve");
    expect(await screen.findByText("Rejected by bob@example.org")).toBeInTheDocument();
    expect(screen.getByText(/decided before your answer came/)).toBeInTheDocument();
    expect(screen.getByText("Too late")).toBeInTheDocument();
  });

  it("is nobody once the time is over, which the decision says", async () => {
    const api = new FakeApi([anApproval()]);
    api.decide(1, { kind: "reject", decided_by: null });
    showWith(api, <ApprovalsPage />, { at: "/?approval=01a2.1" });
    expect(await screen.findByText("Rejected because nobody decided in time")).toBeInTheDocument();
  });
});

describe("The list of what waits", () => {
  it("says what to do when there is nothing", async () => {
    showWith(new FakeApi(), <ApprovalsPage />);
    expect(await screen.findByRole("heading", { name: "Nothing waits for a person" })).toBeInTheDocument();
  });

  it("is walked by keyboard, and offers the next when one is decided", async () => {
    const api = new FakeApi([anApproval(), anApproval({ number: 2, task_name: "outline" })]);
    showWith(api, <ApprovalsPage />);
    const list = await screen.findByRole("navigation", { name: "What waits" });
    expect(within(list).getAllByRole("button")).toHaveLength(2);
    await userEvent.keyboard("j");
    expect(await screen.findByRole("heading", { name: "Judge the answer of outline" })).toBeInTheDocument();
    await press("Approve");
    await press("Next: Judge the answer of write");
    expect(await screen.findByRole("heading", { name: "Judge the answer of write" })).toBeInTheDocument();
  });

  it("counts down to what happens by itself", async () => {
    const soon = new Date(Date.now() + 90_500).toISOString();
    showWith(new FakeApi([anApproval({ on_timeout: "approve", expires_at: soon })]), <ApprovalsPage />);
    expect(await screen.findByText("approved", { selector: ".countdown strong" })).toBeInTheDocument();
    expect(screen.getAllByText(/1 m \d\d s/).length).toBeGreaterThan(0);
  });
});
