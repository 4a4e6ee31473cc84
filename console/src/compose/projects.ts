import { stringify } from "yaml";
import { type Api, unwrap } from "@/api/client";

/** The texts of a project by their paths in its folder. */
export interface Project {
  name: string;
  files: Record<string, string>;
}

export interface Example extends Project {
  summary: string;
}

/** The crew file that the editor holds. `notes` tell what of a project could not come along. */
export interface CrewFile {
  name: string;
  text: string;
  notes: string[];
}

/** The crew of a project, as the API reads it. One YAML file that says all of it stays as it is written. */
export async function readProject(api: Api, project: Project | Promise<Project>): Promise<CrewFile> {
  const { name, files } = await project;
  const read = unwrap(await api.POST("/api/v1/projects/read", { body: { name, files } }));
  const kept = read.file ? files[read.file] : undefined;
  return { name: read.name, text: kept ?? textOf(read.config, read.inputs), notes: read.notes };
}

/** A definition as the text of a crew file. */
export function textOf(config: object, inputs: object): string {
  return stringify({ ...config, ...(Object.keys(inputs).length && { inputs }) }, { lineWidth: 110 });
}

export const BLANK: CrewFile = {
  name: "my-crew",
  text: `name: my-crew
agents:
  writer:
    role: Writer
    goal: Write about {topic}
    backstory: You write short, clear sentences.
tasks:
  - name: write
    agent: writer
    description: Write one paragraph about {topic}.
    expected_output: One paragraph.
inputs:
  topic: the sea
`,
  notes: [],
};
