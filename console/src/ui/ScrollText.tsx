import type { ReactNode } from "react";

/** Text as it is, which scrolls and can be reached by keyboard to be scrolled. */
export function ScrollText({ children }: { children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keyboard
    <pre className="raw" dir="auto" tabIndex={0}>
      {children}
    </pre>
  );
}
