import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { Gap } from "@/api/types";
import { TimelineSummary } from "@/execution/TimelineSummary";
import { buildTree } from "@/trace/tree";
import { oneTask } from "./trace-events";

function shown(gaps: Gap[], lost = false): string {
  const events = oneTask();
  const tree = buildTree(events, { ended: true });
  const frame = { created: tree.start, started: tree.start, ended: tree.end };
  const trace = { events, cursor: undefined, gaps, complete: false };
  render(<TimelineSummary {...{ tree, frame, end: tree.end ?? 0, trace, lost }} running={false} />);
  return screen.getByRole("status").textContent;
}

const arriving: Gap = { attempt: 1, first: 3, last: 4 };
const died: Gap = { attempt: 1, first: 5, last: null };

it("says that events may still come, and that those of an attempt that died never will", () => {
  expect(shown([arriving, died])).toContain("Not everything has arrived yet: ");
});

it.each([
  { gaps: [died], lost: false },
  { gaps: [arriving], lost: true },
])("says that nothing more comes: $gaps", ({ gaps, lost }) => {
  expect(shown(gaps, lost)).toContain("The trace has gaps: ");
});
