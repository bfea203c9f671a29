// One request by the generated TypeScript types: submits a program and reads its report.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });
const languages = await client.GET("/v1/languages");
if (!languages.data?.languages.some(language => language.id === "bash")) throw new Error(JSON.stringify(languages));
const body: components["schemas"]["JobRequest"] = {
  language: "bash",
  source: "read a b; echo $((a + b))\n",
  tests: [{ stdin: "3 4\n", expect: "7\n" }],
};
const { data, error } = await client.POST("/v1/jobs", { params: { query: { wait: "30s" } }, body });
if (data?.report?.verdict !== "accepted") throw new Error(JSON.stringify(error ?? data));
console.log("typescript:", data.report.id, data.report.verdict);
