// Who may what.

import assert from 'node:assert/strict';
import { output, run } from './steps.js';

export async function aKeyIsAskedForAndForgotten(page, { keyed, key }) {
  await page.goto(`${keyed}/jobs`);
  await page.getByLabel('API key').fill('opt_00000000_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  assert.match(await page.locator('.who').innerText(), /school/);
  const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
  assert.ok(!kept.includes(key), 'the key is in memory only');
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.locator('.cm-content').waitFor();
  assert.equal(await run(page), 'Accepted');
  assert.match(await output(page).innerText(), /Hello, world!/);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API key').waitFor();
}

export async function aRefusedKeySignsOut(page, { keyed, key }) {
  await page.goto(keyed);
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.cm-content').waitFor();
  const refusal = { error: { code: 'unauthorized', message: 'this API key is not known, or was revoked' } };
  await page.route('**/v1/jobs?*', (route) => route.fulfill({ status: 401, json: refusal }));
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByText('The key is no longer valid').waitFor();
}

export async function aServerThatIsGoneIsSaidAndComesBack(page, { open }) {
  await page.goto(`${open}/jobs`);
  await page.locator('.rows').waitFor();
  await page.route(/\/(v1|healthz)/, (route) => route.abort('connectionrefused'));
  await page.getByText('The server does not answer').waitFor();
  await page.unroute(/\/(v1|healthz)/);
  await page.getByText('The server does not answer').waitFor({ state: 'detached' });
}

export async function thePolicyIsStrict(page, { open }) {
  const response = await page.goto(open);
  const policy = response.headers()['content-security-policy'];
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'"]) {
    assert.ok(policy.includes(part), `${part} is not in ${policy}`);
  }
  assert.ok(!policy.includes('unsafe'), policy);
}
