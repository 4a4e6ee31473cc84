import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// A busy machine is no reason to fail: what is looked for may take its time.
configure({ asyncUtilTimeout: 10_000 });

const { href } = window.location;

afterEach(() => {
  cleanup();
  // A link to something saved leads the window away; the files of tests share it.
  (window as unknown as { happyDOM: { setURL: (url: string) => void } }).happyDOM.setURL(href);
  localStorage.clear();
  sessionStorage.clear();
});
