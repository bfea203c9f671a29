// npm's `piston-client`, unmodified, against a server of ours: `piston_client.mjs URL MODULES`.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const [url, modules] = process.argv.slice(2);
const { piston } = await import(pathToFileURL(`${modules}/piston-client/index.js`).href);
const client = piston({ server: url });

const runtimes = await client.runtimes();
const python = runtimes.find((runtime) => runtime.language === "python");
assert.ok(python.aliases.includes("py"), JSON.stringify(python));

const greeting = await client.execute("python", "import sys\nprint(input(), sys.argv[1:])", { stdin: "Zdravo" });
// It sends these arguments where none are given.
assert.equal(greeting.run.stdout, "Zdravo ['1', '2', '3']\n", JSON.stringify(greeting));
assert.deepEqual([greeting.language, greeting.version, greeting.run.code], ["python", python.version, 0]);

const files = [{ name: "main.py", content: "import other" }, { name: "other.py", content: "print('imported')" }];
assert.equal((await client.execute({ language: "python", files })).run.output, "imported\n");
const broken = await client.execute("c", "int main() { return x; }");
assert.ok(broken.compile.code === 1 && broken.compile.stderr.includes("undeclared"), JSON.stringify(broken));
const late = await client.execute("python", "while True: pass", { runTimeout: 700 });
assert.equal(late.run.signal, "SIGKILL");
const unknown = await client.execute({ language: "nosuch", version: "*", files });
assert.equal(unknown.message, "nosuch-* runtime is unknown");
console.log("piston: npm's client works");
