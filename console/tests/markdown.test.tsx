import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import Markdown from "@/ui/Markdown";
import { isTooIntricate } from "@/ui/markdown-work";

const HOSTILE: Record<string, string> = {
  "10,000 nested quotes": ">".repeat(10_000) + "a",
  "15,000 empty list items": "-\n".repeat(15_000),
  "15,000 numbered items": "1. a\n".repeat(15_000),
  "quotes in lists in quotes": "> - ".repeat(5_000),
  "lists nested by indentation": Array.from({ length: 300 }, (_, n) => `${"  ".repeat(n)}- a`).join("\n"),
  "10,000 beginnings of links": "[a](".repeat(10_000),
  "10,000 beginnings of emphasis": "*a _b ~~c ".repeat(10_000),
  "10,000 beginnings of code": "`a``b```".repeat(10_000),
  "10,000 paragraphs": "a\n\n".repeat(10_000),
  "a megabyte": "word ".repeat(200_000),
};

describe("Markdown that would freeze the page", () => {
  it.each(Object.entries(HOSTILE))("is shown as text: %s", (_, text) => {
    expect(isTooIntricate(text)).toBe(true);
    const { container } = render(<Markdown text={text} />);
    expect(container.querySelectorAll("*").length).toBeLessThan(10);
    expect(container.querySelector("pre")?.textContent).toBe(text);
  });

  it("is none of what crews write", () => {
    const report =
      "# Report\n\nSome **bold** text with [a link](https://x.example) and `code`.\n\n".repeat(100) +
      "- item\n  - below it\n".repeat(300) +
      `| a | b |\n|---|---|\n${"| 1 | 2 |\n".repeat(300)}`;
    expect(isTooIntricate(report)).toBe(false);
    render(<Markdown text={"> quoted\n\n- one\n- two"} />);
    expect(screen.getAllByRole("listitem")).toHaveLength(2);
  });
});
