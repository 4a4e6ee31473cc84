"""The page at /api/docs: the OpenAPI document made readable, without a script from anywhere else."""

from __future__ import annotations

DOCS_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Stepcrew API</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
details{border:1px solid color-mix(in srgb,currentColor 20%,transparent);border-radius:.5rem}
details{margin:.5rem 0;padding:.5rem .8rem}
summary{cursor:pointer}b{display:inline-block;min-width:4.5rem;font-family:ui-monospace,monospace}
pre{overflow:auto;font-size:13px}code{font-family:ui-monospace,monospace}
</style></head><body><h1>Stepcrew API</h1>
<p>The machine-readable document is <a href="openapi.json">openapi.json</a>.</p><main id="list">Loading…</main>
<script src="docs.js"></script></body></html>"""

DOCS_SCRIPT = """const list = document.getElementById("list");
const element = (tag, text) => Object.assign(document.createElement(tag), { textContent: text ?? "" });
fetch("openapi.json").then((answer) => answer.json()).then((api) => {
  list.textContent = "";
  list.append(element("p", api.info.description));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const part = element("details"), head = element("summary");
      head.append(element("b", method.toUpperCase()), element("code", path));
      part.append(head, element("p", operation.description ?? operation.summary));
      const role = operation["x-required-role"];
      part.append(element("p", role ? `Role: ${role}` : "Public"));
      for (const parameter of operation.parameters ?? []) {
        const about = parameter.description ? `: ${parameter.description}` : "";
        const required = parameter.required ? " (required)" : "";
        part.append(element("p", `${parameter.in} ${parameter.name}${required}${about}`));
      }
      part.append(element("p", `Answers: ${Object.keys(operation.responses).join(", ")}`));
      list.append(part);
    }
  }
  const shapes = element("details");
  shapes.append(element("summary", "Shapes"), element("pre", JSON.stringify(api.components.schemas, null, 2)));
  list.append(shapes);
}).catch((error) => { list.textContent = `The document could not be read: ${error}`; });
"""
