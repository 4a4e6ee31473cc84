import "./full-text.css";
import { useEffect, useState } from "react";

interface Shown {
  text: string;
  left: number;
  top: number;
}

const MOST = 1_000;

/** Whatever text of the page is cut is shown whole while the pointer is on it or the keyboard reaches it. */
export function FullText() {
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => {
    const look = (target: EventTarget | null, inside: boolean): void => {
      const cut = target instanceof Element ? cutText(target, inside) : null;
      const text = cut?.textContent.trim().slice(0, MOST);
      if (cut && text) {
        const { left, bottom } = cut.getBoundingClientRect();
        setShown({ text, left: Math.max(8, Math.min(left, window.innerWidth - 340)), top: bottom + 4 });
      } else {
        setShown(null);
      }
    };
    const hovered = ({ target, pointerType }: PointerEvent): void => {
      if (pointerType !== "touch") look(target, false);
    };
    const focused = ({ target }: FocusEvent): void => look(target, true);
    const hide = (): void => setShown(null);
    const escape = ({ key }: KeyboardEvent): void => {
      if (key === "Escape") hide();
    };
    document.addEventListener("pointerover", hovered);
    document.addEventListener("focusin", focused);
    document.addEventListener("focusout", hide);
    document.addEventListener("scroll", hide, true);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerover", hovered);
      document.removeEventListener("focusin", focused);
      document.removeEventListener("focusout", hide);
      document.removeEventListener("scroll", hide, true);
      document.removeEventListener("keydown", escape);
    };
  }, []);
  if (!shown) return null;
  return (
    <div className="tooltip full-text" style={{ left: shown.left, top: shown.top }} role="tooltip" dir="auto">
      {shown.text}
    </div>
  );
}

/** The element whose text is cut: the one meant, one around it, or, of what has the keyboard, one inside it. */
function cutText(target: Element, inside: boolean): Element | null {
  for (let each: Element | null = target; each && each !== document.body; each = each.parentElement) {
    const cut = isCut(each);
    // What is cut and has a title is shown by the browser on hover, but not for the keyboard.
    if (cut) return inside || !each.closest("[title]") ? each : null;
    if (each.matches("a, button, td, th, li, [role=treeitem]")) break;
  }
  if (!inside || target.matches("main, [role=tree], [role=dialog], aside, .cm-content")) return null;
  return [...target.querySelectorAll("*")].find(isCut) ?? null;
}

function isCut(element: Element): boolean {
  const { textOverflow, webkitLineClamp } = getComputedStyle(element);
  if (textOverflow === "ellipsis") return element.scrollWidth > element.clientWidth + 1;
  return webkitLineClamp !== "none" && element.scrollHeight > element.clientHeight + 1;
}
