// The other pages, from links and from addresses.

import assert from 'node:assert/strict';
import { submit } from './steps.js';

const WRONG = { language: 'bash', source: 'echo 4', tests: [{ name: 'sum', stdin: '', expect: '5\n' }] };

export async function aFailedJobIsFoundInThreeClicks(page, { open }) {
  const { id } = await submit(open, WRONG);
  await page.goto(open);
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.locator(`a[href="/jobs/${id}"]`).click();
  await page.getByRole('region', { name: 'First difference' }).waitFor();
  assert.match(await page.locator('.job').innerText(), /Wrong answer[\s\S]*line 1, column 1[\s\S]*Where the time went/);
  await page.goBack();
  await page.locator(`a[href="/jobs/${id}"]`).waitFor();
}

export async function filtersStandInTheAddress(page, { open }) {
  await submit(open, { language: 'bash', source: 'echo fine' });
  const { id } = await submit(open, WRONG);
  await page.goto(`${open}/jobs`);
  await page.getByLabel('Verdict').selectOption('failed');
  await page.locator(`a[href="/jobs/${id}"]`).waitFor();
  assert.equal(new URL(page.url()).search, '?verdict=failed');
  assert.equal(await page.locator('.rows .badge.good').count(), 0);
  await page.reload();
  await page.locator(`a[href="/jobs/${id}"]`).waitFor();
  assert.equal(await page.getByLabel('Verdict').inputValue(), 'failed');
}

export async function newJobsAppearByThemselves(page, { open }) {
  await page.goto(`${open}/jobs`);
  await page.locator('.rows a.row').first().waitFor();
  const { id } = await submit(open, WRONG);
  await page.locator(`a[href="/jobs/${id}"]`).waitFor();
}

export async function theLanguagesSayWhatWorks(page, { open }) {
  await page.goto(`${open}/languages`);
  await page.locator('article', { hasText: 'Works here' }).first().waitFor();
  await page.getByLabel('Find a language').fill('python');
  assert.equal(await page.locator('article').count(), 1);
  await page.getByRole('link', { name: 'Try Python 3' }).click();
  await page.locator('.cm-content').waitFor();
  assert.equal(new URL(page.url()).pathname, '/');
}

export async function unknownPlacesSaySo(page, { open }) {
  await page.goto(`${open}/jobs/0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f`);
  await page.getByText('There is no such job').waitFor();
  const answer = await fetch(`${open}/nowhere`);
  assert.equal(answer.status, 404);
  assert.match(answer.headers.get('content-type') ?? '', /json/);
}
