// What operators look at and do.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { accessible, ask, fits, signIn, submit } from './steps.js';

export async function theLivePageShowsWhatEnded(page, { open }) {
  for (let job = 0; job < 3; job += 1) await submit(open, { language: 'bash', source: `echo ${job}` });
  await page.goto(`${open}/live`);
  await page.getByText('Jobs a second').waitFor();
  // A sample is closed each five seconds.
  const rates = page.getByRole('region', { name: 'Jobs ended, a second' });
  await rates.locator('summary').click();
  await rates.locator('tbody tr').first().waitFor();
  await rates.locator('tbody td:nth-child(2)').filter({ hasText: /[1-9]/ }).first().waitFor();
  assert.ok((await page.locator('.plot canvas').count()) >= 3);
}

export async function aWorkerIsDrainedAndWorksAgain(page, { open }) {
  await page.goto(`${open}/live`);
  const workers = page.getByRole('region', { name: 'Workers' });
  await workers.getByText('Working', { exact: true }).waitFor();
  await workers.getByRole('button', { name: /Drain/ }).click();
  await workers.getByText('Drained: it can be stopped').waitFor();
  const answer = await fetch(`${open}/v1/jobs`, { method: 'POST', body: JSON.stringify({ language: 'bash', source: 'echo late' }) });
  const { id } = await answer.json();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const state = async () => (await (await fetch(`${open}/v1/jobs/${id}`)).json()).state;
  assert.equal(await state(), 'queued', 'a drained worker takes no job');
  await workers.getByRole('button', { name: /Let it work/ }).click();
  await workers.getByText('Working', { exact: true }).waitFor();
  const done = await (await fetch(`${open}/v1/jobs/${id}?wait=30s`)).json();
  assert.equal(done.report.verdict, 'accepted');
}

export async function aPluginIsLookedAtPutInAndABadOneRefused(page, { open, plugins }) {
  await page.goto(`${open}/plugins`);
  await page.locator('article', { hasText: 'bash' }).waitFor();
  const field = page.locator('input[type=file]');
  await field.setInputFiles({ name: 'bash.wasm', mimeType: 'application/wasm', buffer: Buffer.from('no component') });
  await page.getByRole('alert').getByText('is not a WebAssembly component').waitFor();
  // Of another language than its name says.
  await field.setInputFiles({ name: 'bash.wasm', mimeType: 'application/wasm', buffer: await readFile(`${plugins}/.versions/1/twin.wasm`) });
  await page.getByRole('alert').getByText('is the plugin of `twin`, not of `bash`').waitFor();
  await field.setInputFiles(`${plugins}/bash.wasm`);
  await page.getByText('bash: the same bytes were there already.').waitFor();
  await page.getByRole('button', { name: 'Look at the directory now' }).click();
  await page.getByText(/Nothing changed|Something changed/).waitFor();
  assert.match(await page.locator('article', { hasText: 'bash' }).first().innerText(), /Active/);
}

const served = async (open, id = 'twin') => (await (await fetch(`${open}/v1/plugins`)).json()).plugins.find((one) => one.id === id)?.version;
const row = (review, name) => review.getByRole('row', { name: new RegExp(`^${name}`) });

export async function whatAPluginChangesIsShownAndOnlyConsentPutsItIn(page, { open, plugins }) {
  await page.goto(`${open}/plugins`);
  await page.locator('article').first().waitFor();
  const field = page.locator('input[type=file]');
  const review = page.getByRole('region', { name: 'What would change' });
  await field.setInputFiles(`${plugins}/.versions/1/twin.wasm`);
  await review.getByText('Nothing serves this language now.').waitFor();
  await review.getByRole('button', { name: 'Leave it' }).click();
  await review.waitFor({ state: 'detached' });
  assert.equal(await served(open), undefined, 'looking puts nothing in');
  await field.setInputFiles(`${plugins}/.versions/1/twin.wasm`);
  await review.getByRole('button', { name: 'Put it in' }).click();
  await page.getByText('twin 1.0.0 is new.').waitFor();

  await field.setInputFiles(`${plugins}/.versions/2/twin.wasm`);
  assert.equal(await review.getByRole('heading').innerText(), 'twin: 1.0.0 to 2.0.0');
  await review.getByText('It asks for more than the one that serves').waitFor();
  assert.match(await row(review, 'Limits at least').innerText(), /More[\s\S]*memory_bytes 268435456/);
  assert.match(await row(review, 'Extensions').innerText(), /twin[\s\S]*twin\s+twin2/);
  await accessible(page, 'the difference');
  await page.setViewportSize({ width: 360, height: 740 });
  await fits(page, 'the difference');
  await page.setViewportSize({ width: 1280, height: 800 });
  assert.equal(await served(open), '1.0.0', 'nothing is put in before the consent');

  // Somebody else puts a third version in between the look and the consent.
  const third = await readFile(`${plugins}/.versions/3/twin.wasm`);
  assert.equal((await fetch(`${open}/v1/plugins/twin`, { method: 'PUT', body: third })).status, 200);
  await review.getByRole('button', { name: 'Put it in' }).click();
  await page.getByRole('alert').getByText('has changed meanwhile').waitFor();
  assert.equal(await served(open), '3.0.0');
  await review.getByRole('heading', { name: 'twin: 3.0.0 to 2.0.0' }).waitFor();
  await review.getByRole('button', { name: 'Put it in' }).click();
  await page.getByText('twin: 3.0.0 became 2.0.0.').waitFor();
  assert.equal(await served(open), '2.0.0');
}

export async function aPluginGoesBackToAVersionThatItReplaced(page, { open, plugins }) {
  for (const version of [1, 2]) {
    const body = await readFile(`${plugins}/.versions/${version}/back.wasm`);
    assert.equal((await fetch(`${open}/v1/plugins/back`, { method: 'PUT', body })).status, 200);
  }
  await page.goto(`${open}/plugins`);
  const article = page.locator('article', { hasText: /^back / });
  await article.getByText('Earlier versions').click();
  await article.getByRole('button', { name: 'Look at going back back 1.0.0' }).click();
  const review = page.getByRole('region', { name: 'What would change' });
  await review.getByRole('heading', { name: 'back: 2.0.0 to 1.0.0' }).waitFor();
  await review.getByRole('button', { name: 'Go back to it' }).click();
  await page.getByText('back: 2.0.0 became 1.0.0.').waitFor();
  assert.equal(await served(open, 'back'), '1.0.0');
  // What it replaced is kept in turn.
  await article.getByText('Earlier versions').click();
  await article.getByRole('button', { name: 'Look at going back back 2.0.0' }).waitFor();
  const noted = (await (await fetch(`${open}/v1/audit?action=POST /v1/plugins/{id}/rollback`)).json()).entries;
  assert.equal(noted[0].target, '/v1/plugins/back/rollback');
}

const PACKAGE = `<?xml version="1.0" encoding="UTF-8"?>
<fps version="1.2"><item>
<title>Sum of &lt;b&gt;two&lt;/b&gt;</title><time_limit unit="s">1</time_limit><memory_limit unit="mb">128</memory_limit>
<test_input><![CDATA[1 2\n]]></test_input><test_output><![CDATA[3\n]]></test_output>
</item></fps>`;

export async function aProblemIsStoredAndRemoved(page, { open }) {
  await page.goto(`${open}/problems`);
  await page.locator('input[type=file]').setInputFiles({ name: 'sum.xml', mimeType: 'text/xml', buffer: Buffer.from(PACKAGE) });
  const stored = page.locator('article', { hasText: 'Sum of <b>two</b>' });
  await stored.waitFor();
  assert.match(await stored.innerText(), /1 test/);
  await page.reload();
  await stored.waitFor();
  await stored.getByRole('button', { name: /Remove/ }).click();
  await page.getByText('No problem is stored.').waitFor();
}

const solution = (language, source) => `<solution language="${language}"><![CDATA[${source}]]></solution>`;

export async function aProblemsOwnSubmissionsAreJudgedWhileOneLooks(page, { open }) {
  const right = solution('Bash', 'read a b; sleep 0.2; echo $((a + b))');
  const wrong = solution('Bash', 'read a b; echo $((a - b)) "<b>"');
  const body = PACKAGE.replace('</item>', `${right.repeat(7)}${wrong}${solution('Nowhere', 'x')}</item>`).replace('Sum of', 'Verified sum of');
  const stored = await (await fetch(`${open}/v1/problems`, { method: 'POST', body })).json();
  await page.goto(`${open}/problems`);
  await page.getByRole('link', { name: 'Verified sum of <b>two</b>' }).click();
  await page.getByRole('heading', { level: 1, name: 'Verified sum of <b>two</b>' }).waitFor();
  const about = page.getByRole('region', { name: 'What it is' });
  assert.match(await about.innerText(), /fps[\s\S]*1\.00 s[\s\S]*128\.0 MiB/);
  await page.getByText('1 test', { exact: true }).click();
  const verify = page.getByRole('region', { name: 'Verify' });
  assert.equal(await verify.locator('tbody tr').count(), 9);
  await verify.getByRole('button', { name: 'Judge them' }).click();
  // Others have a share of the queue: never more than a few of them are in it.
  let [most, isOver] = [0, false];
  const ended = verify.getByText('9 of 9 ended, 7 as expected').waitFor({ timeout: 60_000 }).finally(() => (isOver = true));
  while (!isOver) {
    const states = await Promise.all(['queued', 'running'].map(async (state) => (await (await fetch(`${open}/v1/jobs?state=${state}`)).json()).jobs.length));
    most = Math.max(most, states[0] + states[1]);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await ended;
  assert.ok(most >= 1 && most <= 3, `${most} jobs at once`);
  const rows = verify.locator('tbody tr');
  assert.match(await rows.nth(0).innerText(), /accepted[\s\S]*Accepted[\s\S]*As expected/);
  assert.match(await rows.nth(7).innerText(), /Wrong answer[\s\S]*expected accepted[\s\S]*found wrong_answer/);
  assert.match(await rows.nth(8).innerText(), /Not judged[\s\S]*is in no language that is here/);
  await accessible(page, 'a problem that was verified');
  await page.setViewportSize({ width: 360, height: 740 });
  await fits(page, 'a problem that was verified');
  await rows.nth(7).getByRole('link', { name: 'its job' }).click();
  await page.getByText('Wrong answer').first().waitFor();
  assert.equal((await fetch(`${open}/v1/problems/${stored.problem}`, { method: 'DELETE' })).status, 200);
}

export async function aVerificationIsStoppedAndItsJobsWithIt(page, { open }) {
  const body = PACKAGE.replace('</item>', `${solution('Bash', 'sleep 30').repeat(6)}</item>`).replace('<time_limit unit="s">1', '<time_limit unit="s">20');
  const stored = await (await fetch(`${open}/v1/problems`, { method: 'POST', body })).json();
  await page.goto(`${open}/problems/${stored.problem}`);
  const verify = page.getByRole('region', { name: 'Verify' });
  await verify.getByRole('button', { name: 'Judge them' }).click();
  await verify.getByText(/Running|Queued/).first().waitFor();
  await verify.getByRole('button', { name: 'Stop' }).click();
  await verify.getByText('6 of 6 ended, 0 as expected').waitFor();
  for (let look = 0; ; look += 1) {
    const running = await Promise.all(['queued', 'running'].map(async (state) => (await (await fetch(`${open}/v1/jobs?state=${state}`)).json()).jobs.length));
    if (running[0] + running[1] === 0) break;
    assert.ok(look < 100, 'jobs of a verification that was stopped go on');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await fetch(`${open}/v1/problems/${stored.problem}`, { method: 'DELETE' });
}

export async function whatWasGivenUpIsTriedAgainOrLetGo(page, { open }) {
  // No job is given up on a machine that works: the page is shown what the API would answer.
  const dead = (last) => ({ id: `0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4${last}`, language: 'bash', attempts: 5, reason: 'the sandbox failed <b>', at_ms: Date.now() });
  const asked = [];
  await page.route('**/v1/dead?*', (route) => route.fulfill({ json: { jobs: [dead(1), dead(2)] } }));
  await page.route('**/v1/dead/**', (route) => {
    asked.push(`${route.request().method()} ${new URL(route.request().url()).pathname}`);
    return route.fulfill({ json: { id: dead(1).id, state: 'queued' } });
  });
  await page.goto(`${open}/dead`);
  await page.getByRole('button', { name: `Try again ${dead(1).id}` }).click();
  await page.locator('article').nth(1).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: `Let it go ${dead(2).id}` }).click();
  await page.getByText('No job was given up.').waitFor();
  assert.deepEqual(asked, [`POST /v1/dead/${dead(1).id}/requeue`, `DELETE /v1/dead/${dead(2).id}`]);
}

export async function aScopeHidesWhatItForbids(page, { keyed, key }) {
  await page.goto(keyed);
  await signIn(page, key);
  await page.getByRole('link', { name: 'Jobs' }).waitFor();
  for (const hidden of ['Live', 'Problems', 'Plugins', 'Given up', 'Audit', 'Keys', 'Doctor']) {
    assert.equal(await page.getByRole('link', { name: hidden, exact: true }).count(), 0, hidden);
  }
  await page.goto(`${keyed}/keys`);
  await signIn(page, key);
  await page.getByText('This page needs the scope “admin”').waitFor();
}

export async function aKeyIsMadeShownOnceUsedAndRevoked(page, { keyed, admin, browser }) {
  await page.goto(`${keyed}/keys`);
  await signIn(page, admin);
  await page.getByText('You are signed in with this one.').waitFor();
  await page.getByLabel('Tenant', { exact: true }).fill('course <b>');
  await page.getByRole('button', { name: 'Create a key' }).click();
  assert.equal(await page.getByLabel('Tenant', { exact: true }).evaluate((input) => input.validity.patternMismatch), true);
  await page.getByLabel('Tenant', { exact: true }).fill('course');
  await page.getByLabel('Jobs a minute').fill('60');
  await page.getByLabel('Jobs at once').fill('3');
  await page.getByRole('button', { name: 'Create a key' }).click();
  const made = page.getByRole('region', { name: 'The new key' });
  await made.getByRole('button', { name: 'Copy' }).click();
  await made.getByText('Copied').waitFor();
  const secret = await page.evaluate('navigator.clipboard.readText()');
  assert.match(secret, /^opt_[0-9a-f]{8}_[0-9a-f]{64}$/);
  const id = secret.slice(0, 12);
  const row = page.locator('article', { hasText: id });
  assert.match(await row.innerText(), /course[\s\S]*submit, read · 60 a minute · 3 at once/);
  assert.equal((await ask(keyed, 'GET', '/v1/me', secret)).tenant, 'course');

  await page.getByRole('link', { name: 'Doctor' }).click();
  await page.getByRole('link', { name: 'Keys' }).click();
  await row.waitFor();
  assert.ok(!(await page.locator('main').innerText()).includes(secret), 'it is shown once');
  await row.getByRole('button', { name: /Revoke/ }).click();
  await row.getByRole('button', { name: /Press again/ }).click();
  await row.waitFor({ state: 'detached' });
  const other = await browser.newContext();
  const late = await other.newPage();
  await late.goto(keyed);
  await signIn(late, secret);
  await late.getByRole('alert').getByText('this API key is not known, or was revoked').waitFor();
  await other.close();
}

export async function theDoctorSaysWhatTheTerminalDoes(page, { open }) {
  await page.goto(open);
  await page.getByRole('link', { name: 'Doctor' }).click();
  const machine = page.getByRole('region', { name: 'Machine' });
  await machine.locator('article', { hasText: 'kernel' }).first().waitFor();
  await machine.locator('article', { hasText: 'sandbox' }).first().waitFor();
  await page.getByText(/No problem found|problems? found/).waitFor();
  const languages = page.getByRole('region', { name: /Languages: \d+ ready/ });
  assert.match(await languages.locator('article', { hasText: 'bash' }).innerText(), /Fine/);
  await page.getByRole('button', { name: 'Examine again' }).click();
  await page.getByRole('button', { name: 'Examine again' }).waitFor();
}
