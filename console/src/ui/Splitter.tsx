import "./splitter.css";
import { type PointerEvent, useRef } from "react";

interface Props {
  label: string;
  className: string;
  /** How much of the width stands behind it, in percent. */
  value: number;
  least: number;
  most: number;
  onChange: (value: number) => void;
}

const STEP = 3;

/** The border between two panes: dragged, or moved with the arrow keys. */
export function Splitter({ label, className, value, least, most, onChange }: Props) {
  const held = useRef<DOMRect | null>(null);
  const set = (next: number): void => onChange(Math.min(most, Math.max(least, next)));
  const move = (event: PointerEvent): void => {
    const box = held.current;
    if (!box) return;
    const share = ((event.clientX - box.left) / box.width) * 100;
    set(document.dir === "rtl" ? share : 100 - share);
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- a separator that can be focused is a control
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={value}
      aria-valuemin={least}
      aria-valuemax={most}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- as above
      tabIndex={0}
      className={`splitter ${className}`}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = event.currentTarget.parentElement?.getBoundingClientRect() ?? null;
      }}
      onPointerMove={move}
      onPointerUp={() => {
        held.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        event.preventDefault();
        event.stopPropagation();
        set(value + (event.key === "ArrowLeft" ? STEP : -STEP));
      }}
    />
  );
}
