import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { examples } from "virtual:examples";
import { readFiles } from "@/compose/drop";
import { ENDINGS } from "@/compose/kinds";
import { BLANK } from "@/compose/projects";
import { Compose } from "@/compose/Compose";
import { NO_OPTIONS } from "@/compose/ComposePage";
import { showWith } from "./fake-api";

const CONFIG = { agents: { poet: { role: "Poet" } }, tasks: [{ name: "haiku", agent: "poet" }] };
const READ = {
  name: "poems",
  config: CONFIG,
  inputs: { topic: "rain" },
  file: null,
  notes: ["Told."],
  needs_code: true,
};

function shown(status: number, answer: object) {
  const POST = vi.fn((path: string) => {
    if (!path.endsWith("/read")) return Promise.resolve({ response: new Response(null, { status: 500 }) });
    const response = new Response(null, { status });
    return Promise.resolve(response.ok ? { data: answer, response } : { error: answer, response });
  });
  const GET = () => Promise.resolve({ response: new Response(null, { status: 500 }) });
  const onChange = vi.fn();
  const composition = { crew: BLANK, options: NO_OPTIONS };
  showWith({ GET, POST }, <Compose composition={composition} onChange={onChange} onSubmitted={vi.fn()} />);
  return { POST, onChange };
}

const choose = (files: Record<string, string>) =>
  userEvent.upload(
    screen.getByLabelText("Files of a crew"),
    Object.entries(files).map(([name, text]) => new File([text], name)),
    { applyAccept: false },
  );

it("A project is read by the API, and its crew and notes are what the editor holds", async () => {
  const { POST, onChange } = shown(200, READ);
  await choose({ "crew.py": "crew = Crew()", "pyproject.toml": "[project]", "photo.png": "" });
  await waitFor(() => expect(onChange).toHaveBeenCalled());
  expect(POST).toHaveBeenCalledWith("/api/v1/projects/read", {
    body: { name: "crew", files: { "crew.py": "crew = Crew()", "pyproject.toml": "[project]" } },
  });
  const { crew } = onChange.mock.calls[0]?.[0] as { crew: { name: string; text: string; notes: string[] } };
  expect(crew).toMatchObject({ name: "poems", notes: ["Told."] });
  expect(crew.text).toContain("role: Poet");
  expect(crew.text).toContain("inputs:\n  topic: rain");
});

it("Nothing runs while a crew is being read, and of two that were chosen the later one counts", async () => {
  const waiting: ((answer: object) => void)[] = [];
  const POST = vi.fn(() => new Promise<object>((resolve) => waiting.push(resolve)));
  const onChange = vi.fn();
  const composition = { crew: BLANK, options: NO_OPTIONS };
  const GET = () => Promise.resolve({ response: new Response(null, { status: 500 }) });
  showWith({ GET, POST }, <Compose composition={composition} onChange={onChange} onSubmitted={vi.fn()} />);
  await choose({ "first.yaml": "" });
  await choose({ "second.yaml": "" });
  expect(screen.getByRole("button", { name: /Run this crew/ })).toBeDisabled();
  const done = (name: string) => ({ data: { ...READ, name }, response: new Response() });
  const asked = POST.mock.calls.map(([path]: unknown[]) => path);
  waiting[asked.lastIndexOf("/api/v1/projects/read")]?.(done("second"));
  await waitFor(() => expect(onChange).toHaveBeenCalledOnce());
  waiting[asked.indexOf("/api/v1/projects/read")]?.(done("first"));
  await new Promise((resolve) => setTimeout(resolve));
  expect(onChange.mock.calls.map(([next]) => (next as { crew: { name: string } }).crew.name)).toEqual(["second"]);
  expect(screen.getByRole("button", { name: /Run this crew/ })).toBeEnabled();
});

it("One YAML file that says all of it stays as it is written", async () => {
  const { onChange } = shown(200, { ...READ, file: "poems.yaml" });
  await choose({ "poems.yaml": "# mine\nagents: {}" });
  await waitFor(() => expect(onChange).toHaveBeenCalled());
  expect(onChange.mock.calls[0]?.[0]).toMatchObject({ crew: { text: "# mine\nagents: {}" } });
});

it("What cannot be read is told with what to do about it, and the editor keeps what it has", async () => {
  const problem = { detail: "x/crew.py:3: process is computed.", remedy: "stepcrew deploy PATH runs it.", errors: [] };
  const { onChange } = shown(422, problem);
  await choose({ "crew.py": "crew = Crew(process=p())" });
  expect(await screen.findByText(problem.detail)).toBeInTheDocument();
  expect(screen.getByText(problem.remedy)).toBeInTheDocument();
  expect(onChange).not.toHaveBeenCalled();
});

it("What is read of a folder can be picked as files too, and what an example is made of", async () => {
  const names = ["crew.json5", "crew.jsonc", "crew.yml", "pyproject.toml", "src/a/crew.py"];
  const chosen = [...names, "README.md", "poetry.toml"].map((name) => new File(["x"], name));
  expect(Object.keys((await readFiles(chosen)).files)).toEqual(names);
  expect(names.filter((name) => !ENDINGS.split(",").some((ending) => name.endsWith(ending)))).toEqual([]);
  expect(examples.flatMap(({ files }) => Object.keys(files))).toContain("pyproject.toml");
});
