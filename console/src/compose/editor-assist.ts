import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { EditorState, type Extension } from "@codemirror/state";
import { hoverTooltip } from "@codemirror/view";
import type { Explanation, Options } from "./assist";

/** What the editor asks while somebody writes, by a place in the text. */
export interface Assist {
  optionsAt: (text: string, at: number) => Options | null;
  explanationAt: (text: string, at: number) => Explanation | null;
}

/** Completion and hover help; `current` tells what is known at the moment. */
export function assisted(current: () => Assist | undefined): Extension {
  const complete = ({ state, pos, explicit }: CompletionContext): CompletionResult | null => {
    const found = current()?.optionsAt(state.doc.toString(), pos);
    if (!found || (!explicit && found.from === pos)) return null;
    const options = found.options.map(({ label, detail, info, apply }) => ({
      label,
      detail,
      ...(info && { info }),
      ...(apply && { apply }),
    }));
    return { from: found.from, options, validFor: /^[\w./-]*$/ };
  };
  return [
    EditorState.languageData.of(() => [{ autocomplete: complete }]),
    hoverTooltip((view, at) => {
      const found = current()?.explanationAt(view.state.doc.toString(), at);
      if (!found) return null;
      const create = () => {
        const dom = document.createElement("div");
        dom.className = "cm-explanation";
        const title = dom.appendChild(document.createElement("strong"));
        title.textContent = found.title;
        dom.append(" ", found.text);
        return { dom };
      };
      return { pos: found.from, end: found.to, above: true, create };
    }),
  ];
}
