// Who may what.

import assert from 'node:assert/strict';
import { ask, output, run, signIn } from './steps.js';

export async function aKeyIsAskedForAndForgotten(page, { keyed, key }) {
  await page.goto(`${keyed}/jobs`);
  await page.getByLabel('API key').fill('opt_00000000_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await signIn(page, key);
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

export async function aRevokedKeySignsOutWithAndWithoutASession(page, { keyed, admin }) {
  for (const keeps of [false, true]) {
    const { secret, key } = await ask(keyed, 'POST', '/v1/keys', admin, { tenant: 'leaves', scopes: ['submit', 'read'] });
    await page.goto(keyed);
    await signIn(page, secret, keeps);
    await page.locator('.cm-content').waitFor();
    await ask(keyed, 'DELETE', `/v1/keys/${key.id}`, admin);
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.getByText('The key is no longer valid').waitFor();
    assert.deepEqual(await page.context().cookies(), [], 'the browser forgot the session');
  }
}

export async function aRevokedKeyIsNoticedWhileNobodyDoesAnything(page, { keyed, admin }) {
  const { secret, key } = await ask(keyed, 'POST', '/v1/keys', admin, { tenant: 'idle', scopes: ['submit'] });
  await page.clock.install();
  await page.goto(keyed);
  await signIn(page, secret);
  await page.locator('.cm-content').waitFor();
  await ask(keyed, 'DELETE', `/v1/keys/${key.id}`, admin);
  await page.clock.runFor(25_000);
  await page.getByText('The key is no longer valid').waitFor();
}

export async function aSessionHoldsInAllTabsAndEndsInAll(page, { keyed, key }) {
  await page.goto(`${keyed}/jobs`);
  const second = await page.context().newPage();
  await second.goto(keyed);
  await second.getByLabel('API key').waitFor();
  await signIn(page, key, true);
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  await second.locator('.cm-content').waitFor();
  assert.equal(await run(second), 'Accepted');
  const [cookie, ...others] = await page.context().cookies();
  assert.deepEqual(others, []);
  assert.ok(cookie.httpOnly && cookie.sameSite === 'Strict' && !cookie.value.includes(key), JSON.stringify(cookie));
  assert.equal(await page.evaluate('document.cookie'), '', 'no script reads it');
  await page.reload();
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API key').waitFor();
  await second.getByText('You signed out in another tab.').waitFor();
  await page.reload();
  await page.getByLabel('API key').waitFor();
}

export async function aKeyInMemoryIsItsOwnTabs(page, { keyed, key }) {
  await page.goto(keyed);
  await signIn(page, key);
  await page.locator('.cm-content').waitFor();
  const second = await page.context().newPage();
  await second.goto(keyed);
  await signIn(second, key, true);
  await second.locator('.cm-content').waitFor();
  await second.getByRole('button', { name: 'Sign out' }).click();
  await second.getByLabel('API key').waitFor();
  assert.equal(await run(page), 'Accepted', 'the tab with its own key goes on');
}

export async function anotherPageOfTheSameHostCannotUseASession(page, { keyed, open, key }) {
  await page.goto(keyed);
  await signIn(page, key, true);
  await page.locator('.cm-content').waitFor();
  // A page of another port is of the same site: the cookie is sent, and it is the server that refuses. This one has no policy
  // that would stop the request before.
  await page.goto(`${open}/openapi.json`);
  const before = await ask(keyed, 'GET', '/v1/jobs?limit=1', key);
  const arrived = page.waitForRequest((request) => request.url() === `${keyed}/v1/jobs`);
  const steal = (url) => fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors', body: '{"language": "bash", "source": "echo stolen"}' }).catch(() => undefined).then(() => 0);
  const [request] = await Promise.all([arrived, page.evaluate(steal, `${keyed}/v1/jobs`)]);
  assert.equal((await request.response())?.status(), 403);
  assert.deepEqual(await ask(keyed, 'GET', '/v1/jobs?limit=1', key), before);
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
