// What several tests do.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Opens the playground, and waits until it can be used. */
export async function playground(page, base, query = '') {
  await page.goto(`${base}/${query}`);
  await page.locator('.cm-content').waitFor();
}

/** Puts a program into the editor. */
export async function write(page, text) {
  const editor = page.locator('.cm-content');
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Delete');
  // As a paste does: what is typed would be indented and closed by the editor.
  await page.keyboard.insertText(text);
}

export async function run(page) {
  await page.keyboard.press('Control+Enter');
  await page.locator('.output .verdict .badge:not(.busy)').waitFor();
  return page.locator('.output .verdict .badge').first().innerText();
}

export const output = (page, name = 'Standard output') => page.getByRole('region', { name, exact: true }).locator('pre').first();

/** With the key, in memory or as a session. */
export async function signIn(page, key, keeps = false) {
  await page.getByLabel('API key').fill(key);
  await page.getByLabel('Stay signed in').setChecked(keeps);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Asks without the page. */
export async function ask(base, method, path, key, body) {
  const headers = { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) };
  const answer = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

/** Submits without the page, and waits for the report. */
export async function submit(base, job, key) {
  const headers = { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const answer = await fetch(`${base}/v1/jobs?wait=60s`, { method: 'POST', headers, body: JSON.stringify(job) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** No rule of WCAG 2.2 A and AA that axe-core can check is broken. */
export async function accessible(page, what) {
  // Evaluated by the debugger, to which the page's policy does not apply.
  if (!(await page.evaluate('typeof axe === "object"'))) await page.evaluate(await readFile(axe, 'utf8'));
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const found = await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(tags)} }).then((result) => result.violations)`);
  const lines = found.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(' | ')}`);
  assert.deepEqual(lines, [], what);
}

/** Nothing sticks out to the side. */
export async function fits(page, what) {
  const [wide, seen] = await page.evaluate('[document.documentElement.scrollWidth, document.documentElement.clientWidth]');
  assert.ok(wide <= seen, `${what}: ${wide} pixels in ${seen}`);
}
