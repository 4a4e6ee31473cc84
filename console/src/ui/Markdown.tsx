import "./markdown.css";
import { type ComponentProps, useEffect, useState } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import rehypeSanitize, { defaultSchema } from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import type { PluggableList } from "unified";
import { isTooIntricate } from "./markdown-work";

// What a crew wrote is shown, never obeyed: HTML in it is text, images (they would be fetched from anywhere) are their
// description, and headings stand below those of the page.
const schema: typeof defaultSchema = {
  ...defaultSchema,
  protocols: { ...defaultSchema.protocols, href: ["http", "https", "mailto"] },
};

const asText = {
  handlers: { html: (_state: unknown, node: { value: string }) => ({ type: "text" as const, value: node.value }) },
};

const components: Components = {
  a: ({ children, href }) => (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ),
  img: ({ alt, src }) => <span className="faint">[image: {alt || String(src)}]</span>,
  h1: (props) => <Heading {...props} level="3" />,
  h2: (props) => <Heading {...props} level="4" />,
  h3: (props) => <Heading {...props} level="5" />,
  table: ({ children }) => (
    // A wide table scrolls by itself, also by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="markdown-table" tabIndex={0} role="region" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  pre: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre tabIndex={0}>{children}</pre>
  ),
};

function Heading({ level, children }: ComponentProps<"h3"> & { level: "3" | "4" | "5" }) {
  const Tag = `h${level}` as const;
  return <Tag className="markdown-h">{children}</Tag>;
}

/** Rendered markdown, or the text as it is where rendering it would keep the page busy. */
export default function Markdown({ text }: { text: string }) {
  if (isTooIntricate(text)) {
    return (
      <div className="markdown">
        <p className="faint">Too intricate to be formatted; this is the text as it was written.</p>
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre tabIndex={0} dir="auto">
          {text}
        </pre>
      </div>
    );
  }
  return <Formatted text={text} />;
}

/** Code is coloured once the highlighter has been fetched, which only a fenced block asks for. */
function Formatted({ text }: { text: string }) {
  const highlight = useHighlighter(text.includes("```") || text.includes("~~~"));
  const plugins: PluggableList = highlight ? [[rehypeSanitize, schema], highlight] : [[rehypeSanitize, schema]];
  return (
    <div className="markdown" dir="auto">
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={plugins}
        components={components}
        remarkRehypeOptions={asText}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
}

function useHighlighter(wanted: boolean): PluggableList[number] | null {
  const [plugin, setPlugin] = useState<PluggableList[number] | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    void import("rehype-highlight").then((module) => {
      if (!gone) setPlugin(() => module.default);
    });
    return () => {
      gone = true;
    };
  }, [wanted]);
  return plugin;
}
