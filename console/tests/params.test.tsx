import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createMemoryRouter, RouterProvider } from "react-router";
import { expect, it, vi } from "vitest";
import { useParam, useSetParams, useTypedParam } from "@/lib/hooks";

function Search() {
  const [text, setText] = useTypedParam("q");
  const [kind, setKind] = useParam("kind");
  const [sort, setSort] = useParam("sort");
  const setParams = useSetParams();
  return (
    <>
      <input aria-label="search" value={text} onChange={(event) => setText(event.target.value)} />
      <output>{kind + sort}</output>
      <button
        type="button"
        onClick={() => {
          setKind("");
          setSort("cost");
        }}
      >
        Sort
      </button>
      <button type="button" onClick={() => setParams({ q: "", kind: "" })}>
        Clear
      </button>
    </>
  );
}

const open = (path: string) => {
  const router = createMemoryRouter([{ path: "/", element: <Search /> }], { initialEntries: [path] });
  render(<RouterProvider router={router} />);
  return {
    field: screen.getByRole<HTMLInputElement>("textbox", { name: "search" }),
    search: () => router.state.location.search,
    router,
  };
};

it("What is typed is kept letter by letter and follows into the address", async () => {
  const { field, search } = open("/?kind=llm");
  await userEvent.type(field, "the whole phrase");
  expect(field.value).toBe("the whole phrase");
  await vi.waitFor(() => expect(search()).toBe("?kind=llm&q=the+whole+phrase"));
  expect(field.value).toBe("the whole phrase");
});

it("Several parameters are cleared at once, and the field with them", async () => {
  const { field, search } = open("/?kind=llm&q=old");
  expect(field.value).toBe("old");
  await userEvent.click(screen.getByRole("button", { name: "Clear" }));
  expect(search()).toBe("");
  expect(field.value).toBe("");
  expect(screen.getByRole("status")).toBeEmptyDOMElement();
});

it("A link to another search fills the field", async () => {
  const { field, router } = open("/?q=one");
  await act(() => router.navigate("/?q=two"));
  expect(field.value).toBe("two");
});

it("A change before the last one is rendered does not undo it", async () => {
  const { search } = open("/?kind=llm&q=old");
  await userEvent.click(screen.getByRole("button", { name: "Sort" }));
  await vi.waitFor(() => expect(search()).toBe("?q=old&sort=cost"));
});

it("What was typed just before another page opens does not keep it from opening", async () => {
  let arrive: ((page: { Component: () => string }) => void) | undefined;
  const page = new Promise<{ Component: () => string }>((resolve) => {
    arrive = resolve;
  });
  const router = createMemoryRouter(
    [
      { path: "/", element: <Search /> },
      { path: "/next", lazy: () => page },
    ],
    { initialEntries: ["/"] },
  );
  render(<RouterProvider router={router} />);
  await userEvent.type(screen.getByRole("textbox", { name: "search" }), "phrase");
  act(() => void router.navigate("/next"));
  await new Promise((passed) => setTimeout(passed, 400)); // longer than what is typed waits
  arrive?.({ Component: () => "The next page" });
  await screen.findByText("The next page");
  expect(router.state.location.pathname + router.state.location.search).toBe("/next");
});
