import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { useFolds } from "@/execution/useFolds";

it("What is closed stays so when the page is loaded again, for its own execution only", () => {
  const first = renderHook(() => useFolds("a"));
  act(() => first.result.current[1](new Set(["t:Writer|write"])));
  first.unmount();
  expect([...renderHook(() => useFolds("a")).result.current[0]]).toEqual(["t:Writer|write"]);
  expect(renderHook(() => useFolds("b")).result.current[0].size).toBe(0);
});

it("What is opened again is forgotten, and what cannot be read means nothing is closed", () => {
  const folds = renderHook(() => useFolds("a"));
  act(() => folds.result.current[1](new Set(["x"])));
  act(() => folds.result.current[1](new Set()));
  expect(sessionStorage.length).toBe(0);
  sessionStorage.setItem("stepcrew.folds.c", "{broken");
  expect(renderHook(() => useFolds("c")).result.current[0].size).toBe(0);
});
