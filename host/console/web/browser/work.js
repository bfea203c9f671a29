// Pipelines, schedules and sessions, and the log of who changed what.

import assert from 'node:assert/strict';
import { ask, signIn } from './steps.js';

const PIPELINE = {
  name: 'double <b>',
  inputs: { number: 3 },
  steps: [
    { name: 'double', with: { language: 'bash', source: 'read n; echo $((2 * n))', tests: [{ stdin: '${inputs.number}\n' }] } },
    { name: 'check', needs: ['double'], with: { language: 'bash', source: 'read n; echo $n', tests: [{ stdin: '${steps.double.result.stdout}', expect: '14\n' }] } },
  ],
};

export async function aPipelineIsMadeRunAndReplayed(page, { open }) {
  await page.goto(`${open}/pipelines`);
  await page.getByText('There is no pipeline.').waitFor();
  await page.locator('summary', { hasText: 'Create a pipeline' }).click();
  await page.getByLabel('Definition').fill('{"name": ');
  await page.getByRole('button', { name: 'Create a pipeline' }).click();
  await page.getByText('Definition: this is no JSON').waitFor();
  await page.getByLabel('Definition').fill(JSON.stringify(PIPELINE));
  await page.getByRole('button', { name: 'Create a pipeline' }).click();
  await page.getByRole('heading', { name: 'double <b>' }).waitFor();
  const pipeline = new URL(page.url()).pathname;
  await page.getByRole('button', { name: 'Start a run' }).click();
  await page.waitForURL('**/runs/*');
  // 3 doubled is 6, and the second step wants 14.
  await page.getByRole('status').getByText('Failed', { exact: true }).waitFor();
  assert.match(await page.locator('article', { hasText: 'check' }).innerText(), /Wrong answer/);
  await page.goto(`${open}${pipeline}`);
  await page.getByLabel('Inputs').fill('{"number": 7}');
  await page.getByRole('button', { name: 'Start a run' }).click();
  await page.getByRole('status').getByText('Succeeded', { exact: true }).waitFor();
  const first = page.url();
  await page.getByRole('button', { name: 'Replay from here check' }).click();
  await page.getByRole('link', { name: 'Replay of another run' }).waitFor();
  assert.notEqual(page.url(), first);
  await page.getByRole('status').getByText('Succeeded', { exact: true }).waitFor();
  await page.locator('article', { hasText: 'double' }).getByRole('link').click();
  await page.getByRole('heading', { name: 'Where the time went' }).waitFor();
  await page.goto(`${open}/pipelines?state=failed`);
  const runs = page.getByRole('region', { name: 'Runs' });
  await runs.locator('article').first().waitFor();
  assert.equal(await runs.locator('article').count(), 1);
  await page.goto(`${open}${pipeline}`);
  await page.getByRole('button', { name: /^Remove/ }).click();
  await page.getByRole('button', { name: /Press again/ }).click();
  await page.getByText('There is no pipeline.').waitFor();
}

export async function runsThatNewerOnesPushOffTheFirstPageStay(page, { open }) {
  const run = (n) => ({ id: `${n}`.repeat(32), pipeline: '0'.repeat(32), state: 'succeeded', created_at: new Date().toISOString() });
  let first = [run(3), run(2)];
  await page.route('**/v1/runs?*', (route) => {
    const isFirst = !new URL(route.request().url()).searchParams.has('next');
    return route.fulfill({ json: isFirst ? { runs: first, next: 'below' } : { runs: [run(1)] } });
  });
  await page.goto(`${open}/pipelines`);
  const runs = page.getByRole('region', { name: 'Runs' });
  await runs.getByRole('button', { name: 'Older ones' }).click();
  await runs.getByText(run(1).id).waitFor();
  first = [run(4), run(3)];
  await runs.getByText(run(4).id).waitFor();
  assert.deepEqual(await runs.locator('a').allInnerTexts(), [4, 3, 2, 1].map((n) => run(n).id));
}

export async function aScheduleIsMadeFiredPausedAndRemoved(page, { open }) {
  await page.goto(`${open}/schedules`);
  await page.locator('summary', { hasText: 'Create a schedule' }).click();
  await page.getByLabel('Name').fill('nightly');
  await page.getByLabel('Cron expression').fill('61 2 * * *');
  await page.getByRole('button', { name: 'Create a schedule' }).click();
  await page.getByRole('alert').waitFor();
  // What was refused is said until the next attempt, also after the list was asked for again.
  await page.waitForResponse('**/v1/schedules?limit=50');
  await page.getByRole('alert').waitFor();
  await page.getByLabel('Cron expression').fill('30 2 * * *');
  await page.getByLabel('Time zone').fill('Europe/Berlin');
  await page.getByLabel('Job', { exact: false }).last().fill(JSON.stringify({ language: 'bash', source: 'echo fired' }));
  await page.getByRole('button', { name: 'Create a schedule' }).click();
  await page.getByRole('heading', { name: 'nightly' }).waitFor();
  const next = page.getByRole('region', { name: 'Next firings' });
  assert.equal(await next.locator('li').count(), 10);
  assert.match(await next.locator('li').first().innerText(), /T02:30:00\+0[12]:00/);
  await page.getByRole('button', { name: 'Fire now' }).click();
  await page.getByRole('region', { name: 'Last firings' }).getByRole('link').first().waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('Paused', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('Active', { exact: true }).waitFor();
  await page.getByRole('region', { name: 'Last firings' }).getByRole('link').first().click();
  await page.locator('.verdict').getByText('Accepted', { exact: true }).waitFor();
  await page.goto(`${open}/schedules`);
  await page.getByRole('link', { name: 'nightly' }).click();
  await page.getByRole('button', { name: /^Remove/ }).click();
  await page.getByRole('button', { name: /Press again/ }).click();
  await page.getByText('There is no schedule.').waitFor();
}

export async function cellsOfASessionShareTheirState(page, { open }) {
  await page.goto(`${open}/sessions`);
  await page.getByRole('button', { name: 'Begin a session' }).click();
  const field = page.getByRole('textbox', { name: 'Next cell' });
  await field.fill('x = "<b>6</b>"\nprint(x)');
  await field.press('Control+Enter');
  await page.getByRole('region', { name: 'Cell 1' }).getByText('<b>6</b>').last().waitFor();
  await field.fill('len(x) * 7 - 14');
  await field.press('Shift+Enter');
  await page.getByRole('region', { name: 'Cell 2' }).getByText('42', { exact: true }).waitFor();
  await field.fill('1 / 0');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.getByRole('region', { name: 'Cell 3' }).getByText('ZeroDivisionError').first().waitFor();
  await page.getByRole('button', { name: /^End it/ }).click();
  await page.getByRole('button', { name: /Press again/ }).click();
  await page.waitForURL('**/sessions');
  await page.getByText('Over', { exact: true }).waitFor();
}

export async function theAuditLogSaysWhoMadeAKey(page, { keyed, admin }) {
  const { key } = await ask(keyed, 'POST', '/v1/keys', admin, { tenant: 'audited', scopes: ['read'] });
  await page.goto(`${keyed}/audit`);
  await signIn(page, admin);
  const entry = page.locator('article', { hasText: key.id });
  await entry.waitFor();
  assert.match(await entry.innerText(), /POST \/v1\/keys[^]*ops[^]*Done 201/);
  // The answer to the question before comes last.
  await page.route('**/v1/audit?limit=100', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 800));
    await route.continue();
  });
  await page.getByLabel('Action').fill('DELETE /v1/keys/{id}');
  await page.getByRole('button', { name: 'Find' }).click();
  await entry.waitFor({ state: 'detached' });
  assert.match(page.url(), /action=DELETE/);
  await page.waitForResponse('**/v1/audit?limit=100');
  await page.getByText('Loading…').waitFor({ state: 'detached' });
  await page.locator('article, .empty').first().waitFor();
}
