import "./editor.css";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import { useEffect, useEffectEvent, useLayoutEffect, useRef } from "react";
import { harmless } from "@/lib/text";
import { type Assist, assisted } from "./editor-assist";

interface EditorFault {
  line: number;
  text: string;
}

/** Places in the text; the same twice where only the caret stands. */
export interface Selected {
  anchor: number;
  head: number;
}

interface Props {
  value: string;
  label: string;
  language: "yaml" | "json";
  /** Without it the text can only be read. */
  onChange?: (value: string) => void;
  faults?: EditorFault[];
  /** A new object jumps to its line. */
  jump?: { line: number } | null;
  /** Completes and explains what is written. */
  assist?: Assist;
  /** Takes over what is selected in the field that this one replaces; null where nobody is writing. */
  takeSelected?: () => Selected | null;
}

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--code-key)" },
  { tag: [tags.string, tags.content], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.meta], color: "var(--code-punctuation)" },
]);

const theme = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "var(--surface)", color: "var(--text)", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--text-3)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--selection)" },
  ".cm-tooltip, .cm-panels": {
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    border: "1px solid var(--line)",
  },
  ".cm-explanation": { maxWidth: "420px", padding: "6px 10px", fontFamily: "var(--sans)", lineHeight: "1.45" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent-solid)",
    color: "#fff",
  },
  ".cm-completionDetail": { color: "var(--text-3)", fontStyle: "normal" },
  "li[aria-selected] .cm-completionDetail": { color: "#fff" },
  ".cm-tooltip.cm-completionInfo": { maxWidth: "340px", padding: "6px 10px", fontFamily: "var(--sans)" },
});

export default function CodeEditor({ value, label, language, onChange, faults, jump, assist, takeSelected }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const changed = useEffectEvent((text: string) => onChange?.(text));
  const initial = useEffectEvent(() => value);
  const currentAssist = useEffectEvent(() => assist);
  const goOn = useEffectEvent((editor: EditorView) => {
    const selected = takeSelected?.();
    if (!selected) return;
    const within = (at: number): number => Math.min(at, editor.state.doc.length);
    editor.dispatch({ selection: { anchor: within(selected.anchor), head: within(selected.head) } });
    editor.focus();
  });
  const readOnly = onChange === undefined;
  // Before anything else is done: what is typed while a field goes and this one comes would go nowhere.
  useLayoutEffect(() => {
    if (!place.current) return;
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: initial(),
        extensions: [
          basicSetup,
          language === "json" ? json() : yaml(),
          syntaxHighlighting(colours),
          theme,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorState.readOnly.of(readOnly),
          ...(readOnly ? [] : [lintGutter(), assisted(() => currentAssist())]),
          EditorView.perLineTextDirection.of(true),
          EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
        ],
      }),
    });
    view.current = editor;
    goOn(editor);
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [language, label, readOnly]);
  useEffect(() => {
    const editor = view.current;
    const current = editor?.state.doc.toString();
    if (editor && current !== value)
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const { doc } = editor.state;
    const diagnostics = (faults ?? []).map(({ line, text }): Diagnostic => {
      const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
      const from = at.from + (at.text.length - at.text.trimStart().length);
      return { from: Math.min(from, at.to), to: at.to, severity: "error", message: harmless(text) };
    });
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [faults, value]);
  useEffect(() => {
    const editor = view.current;
    if (!editor || !jump) return;
    const at = editor.state.doc.line(Math.min(Math.max(jump.line, 1), editor.state.doc.lines));
    editor.dispatch({ selection: { anchor: at.to }, effects: EditorView.scrollIntoView(at.from, { y: "center" }) });
    editor.focus();
  }, [jump]);
  return <div ref={place} className="code-editor" />;
}
