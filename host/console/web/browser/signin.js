// Signing in through an identity provider.

import assert from 'node:assert/strict';
import { accessible, fits, output, playground, run, write } from './steps.js';

const PROVIDER = 'Sign in with the identity provider';

async function throughTheProvider(page, says) {
  await page.getByRole('link', { name: PROVIDER }).click();
  await page.waitForURL(/^http:\/\/localhost:\d+\/authorize/);
  await page.getByRole('link', { name: says }).click();
}

export async function aPersonSignsInThroughTheProviderAndOutInAllTabs(page, { signed }) {
  await page.goto(`${signed}/jobs?state=done`);
  const second = await page.context().newPage();
  await second.goto(signed);
  await second.getByRole('link', { name: PROVIDER }).waitFor();
  await accessible(page, 'the sign-in page with a provider');
  await throughTheProvider(page, 'Allow');
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  assert.equal(page.url(), `${signed}/jobs?state=done`);
  assert.equal(await page.locator('.who').innerText(), 'ada');
  const cookies = await page.context().cookies();
  assert.equal(cookies.length, 1, JSON.stringify(cookies));
  assert.ok(cookies[0].httpOnly && cookies[0].sameSite === 'Strict', JSON.stringify(cookies));
  assert.ok(cookies[0].expires - Date.now() / 1000 <= 600, 'no longer than the token');
  const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
  assert.ok(!kept.includes(cookies[0].value), 'no script reads the session');

  await second.locator('.cm-content').waitFor();
  assert.equal(await run(second), 'Accepted');
  assert.match(await output(second).innerText(), /Hello, world!/);
  await page.reload();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: PROVIDER }).waitFor();
  await second.getByText('You signed out in another tab.').waitFor();
  assert.deepEqual(await page.context().cookies(), []);
}

export async function aPersonWhoIsRefusedIsToldAndMayTryAgain(page, { signed }) {
  await page.goto(signed);
  await throughTheProvider(page, 'Deny');
  await page.getByRole('alert').filter({ hasText: 'you did not want to' }).waitFor();
  assert.equal(page.url(), `${signed}/`);
  await page.setViewportSize({ width: 360, height: 740 });
  await fits(page, 'the sign-in page with a provider');
  await throughTheProvider(page, 'Allow');
  await page.locator('.cm-content').waitFor();
}

export async function aSharedProgramIsThereAfterSigningIn(page, { open, signed }) {
  await playground(page, open, '?lang=bash');
  await write(page, 'echo from a link\n');
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByText('Link copied').waitFor();
  const fragment = (await page.evaluate('navigator.clipboard.readText()')).split('#')[1];
  const heard = [];
  page.on('request', (request) => heard.push(request.url()));
  await page.goto(`${signed}/#${fragment}`);
  await throughTheProvider(page, 'Allow');
  await page.locator('.cm-content').waitFor();
  assert.equal(await run(page), 'Accepted');
  assert.match(await output(page).innerText(), /from a link/);
  const asked = heard.filter((url) => url.startsWith('http://localhost') || url.includes('/v1/session'));
  assert.ok(asked.length >= 3 && !asked.some((url) => url.includes(fragment)), asked.join('\n'));
}

export async function somebodyElsesAnswerSignsNobodyIn(page, { signed, browser }) {
  const other = await (await browser.newContext()).newPage();
  await other.goto(signed);
  await other.getByRole('link', { name: PROVIDER }).click();
  const way = await other.getByRole('link', { name: 'Allow' }).getAttribute('href');
  const decided = await fetch(new URL(way, other.url()), { redirect: 'manual' });
  await other.context().close();
  await page.goto(decided.headers.get('location'));
  await page.getByRole('alert').filter({ hasText: 'was begun elsewhere' }).waitFor();
  assert.deepEqual(await page.context().cookies(), []);
}

export async function withoutAProviderNothingIsSaidOfOne(page, { keyed }) {
  await page.goto(keyed);
  await page.getByLabel('API key').waitFor();
  assert.equal(await page.getByRole('link', { name: PROVIDER }).count(), 0);
}
