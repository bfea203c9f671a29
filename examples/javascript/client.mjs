// Submits jobs to Optimus, follows events, and receives a signed webhook. Node's standard library only.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";

const url = process.env.OPTIMUS_URL ?? "http://127.0.0.1:8080";
const key = process.env.OPTIMUS_KEY;
const double = "print(2 * int(input()))";
// A receiver refuses what is older than this: a recorded delivery cannot be sent again later.
const toleranceSeconds = 300;

async function call(method, path, body) {
  const headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  if (answer.ok) return answer;
  // Each error has a code for programs, a message and a hint for people.
  const { error } = await answer.json();
  throw new Error(`${error.code}: ${error.message} ${error.hint ?? ""}`);
}

const submit = async (job, query = "") => (await call("POST", `/v1/jobs${query}`, job)).json();

// Server-sent events: one JSON value in each `data:` line.
async function* events(id) {
  const answer = await call("GET", `/v1/jobs/${id}/events`);
  for await (const line of createInterface({ input: Readable.fromWeb(answer.body) })) {
    if (line.startsWith("data:")) yield JSON.parse(line.slice(5));
  }
}

// Checks a delivery as Standard Webhooks describes.
function isSigned(secret, headers, body) {
  const stamp = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(stamp)) > toleranceSeconds) return false;
  const bytes = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const mac = createHmac("sha256", bytes).update(`${headers["webhook-id"]}.${stamp}.${body}`).digest("base64");
  const expected = Buffer.from(`v1,${mac}`);
  return headers["webhook-signature"].split(" ").some((given) => {
    const bytes = Buffer.from(given);
    return bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
}

// Calls back with the port once it listens; resolves with the verdict of the first delivery that is signed.
const receive = (secret, listening) =>
  new Promise((resolve) => {
    const server = createServer(async (request, answer) => {
      const body = await text(request);
      const verified = isSigned(secret, request.headers, body);
      answer.writeHead(verified ? 204 : 401).end();
      if (verified) server.close(() => resolve(JSON.parse(body).data.verdict));
    });
    server.listen(0, "127.0.0.1", () => listening(server.address().port));
  });

const tests = [{ stdin: "1", expect: "2" }, { stdin: "2", expect: "5" }];
const job = await submit({ language: "python", source: double, tests });
console.log("submitted", job.id);
for await (const event of events(job.id)) {
  // A client that subscribes late, or reads slowly, misses some of these; `done` always arrives.
  if (event.event === "test") console.error(`test ${event.index + 1} of ${event.total} has ended`);
  if (event.event === "done") {
    event.report.tests.forEach((test, index) => console.log(`test ${index + 1}: ${test.verdict}`));
    console.log("done:", event.report.verdict);
  }
}

const right = { language: "python", source: double, tests: tests.slice(0, 1) };
console.log("waited:", (await submit(right, "?wait=30s")).report.verdict);

const secret = `whsec_${randomBytes(32).toString("base64")}`;
const verdict = await receive(secret, (port) =>
  submit({ ...right, webhook: { url: `http://127.0.0.1:${port}/`, secret } }),
);
console.log(`webhook: ${verdict}, signature verified`);
