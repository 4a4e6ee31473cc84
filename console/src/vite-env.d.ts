/// <reference types="vite/client" />

declare module "virtual:examples" {
  import type { Example } from "@/compose/projects";
  export const examples: Example[];
}
