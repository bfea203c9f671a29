// Shows /openapi.json in RapiDoc, with snippets for each operation. Nothing is fetched from elsewhere.

const KEY = "$OPTIMUS_KEY";

/** The first example of a JSON body, or null. */
function bodyOf(operation) {
  const json = operation.requestBody?.content?.["application/json"];
  const first = json && Object.values(json.examples ?? {})[0];
  return first ? first.value : null;
}

/** Where an operation's request goes, with the examples of its parameters. */
function target(path, operation) {
  const parameters = operation.parameters ?? [];
  const example = parameter => encodeURIComponent(parameter.example ?? parameter.name);
  let url = location.origin + path;
  for (const parameter of parameters.filter(one => one.in === "path")) {
    url = url.replace(`{${parameter.name}}`, example(parameter));
  }
  const query = parameters.filter(one => one.in === "query" && one.example !== undefined);
  return query.length ? `${url}?${query.map(one => `${one.name}=${example(one)}`).join("&")}` : url;
}

/** A shell's word. */
const quoted = text => `'${text.replaceAll("'", `'\\''`)}'`;

/** The media type of a body of bytes, or undefined. */
function bytesOf(operation) {
  return Object.keys(operation.requestBody?.content ?? {}).find(type => type !== "application/json");
}

function curl(method, url, body, bytes) {
  const lines = [`curl -X ${method} ${quoted(url)}`, `-H "authorization: Bearer ${KEY}"`];
  if (body) lines.push("-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(body, null, 2))}`);
  else if (bytes) lines.push(`-H 'content-type: ${bytes}'`, "--data-binary @FILE");
  return lines.join(" \\\n  ");
}

/** JSON as a Python literal. */
function literal(value, indent = "") {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}    `;
  const items = Array.isArray(value)
    ? value.map(item => inner + literal(item, inner))
    : Object.entries(value).map(([name, item]) => `${inner}${JSON.stringify(name)}: ${literal(item, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return items.length ? `${open}\n${items.join(",\n")},\n${indent}${close}` : open + close;
}

function python(method, url, body, bytes) {
  const lines = ["import os", "import requests", "", `answer = requests.${method.toLowerCase()}(`, `    ${JSON.stringify(url)},`];
  const key = `"authorization": f"Bearer {os.environ['OPTIMUS_KEY']}"`;
  lines.push(bytes ? `    headers={${key}, "content-type": "${bytes}"},` : `    headers={${key}},`);
  if (body) lines.push(`    json=${literal(body, "    ")},`);
  else if (bytes) lines.push(`    data=open("FILE", "rb"),`);
  lines.push(")", "print(answer.status_code, answer.text)");
  return lines.join("\n");
}

function javascript(method, url, body, bytes) {
  const type = body ? "application/json" : bytes;
  const lines = [`const answer = await fetch(${JSON.stringify(url)}, {`, `  method: "${method}",`, "  headers: {"];
  lines.push("    authorization: `Bearer ${process.env.OPTIMUS_KEY}`,");
  if (type) lines.push(`    "content-type": "${type}",`);
  lines.push("  },");
  if (body) lines.push(`  body: JSON.stringify(${JSON.stringify(body, null, 2).replaceAll("\n", "\n  ")}),`);
  else if (bytes) lines.push("  body: bytes,");
  lines.push("});", "console.log(answer.status, await answer.text());");
  return lines.join("\n");
}

const METHODS = ["get", "post", "put", "delete", "patch"];

function addSnippets(spec) {
  for (const [path, methods] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter(name => methods[name])) {
      const operation = methods[method];
      const request = [method.toUpperCase(), target(path, operation), bodyOf(operation), bytesOf(operation)];
      operation["x-code-samples"] = [
        { lang: "shell", label: "curl", source: curl(...request) },
        { lang: "python", label: "Python", source: python(...request) },
        { lang: "javascript", label: "JavaScript", source: javascript(...request) },
      ];
    }
  }
}

/** How many operations and schemas the page offers, as its title says. */
function tell(page) {
  const entries = [...page.shadowRoot.querySelectorAll(".nav-bar-path")].map(entry => entry.dataset.contentId);
  const operations = entries.filter(id => !id.startsWith("cmp--"));
  const schemas = entries.filter(id => id.startsWith("cmp--schemas-"));
  document.title = `Optimus API: ${operations.length} operations, ${schemas.length} schemas`;
}

const page = document.getElementById("reference");
const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => page.setAttribute("theme", dark.matches ? "dark" : "light");
paint();
dark.addEventListener("change", paint);

const spec = await (await fetch("/openapi.json")).json();
addSnippets(spec);
await customElements.whenDefined("rapi-doc");
await page.loadSpec(spec);
await page.updateComplete;
tell(page);
