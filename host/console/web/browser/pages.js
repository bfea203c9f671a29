// The other pages, from links and from addresses.

import assert from 'node:assert/strict';
import { playground, run, submit, write } from './steps.js';

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

export async function aJobIsComparedWithTheOneBefore(page, { open }) {
  const job = (source) => ({ language: 'bash', source, tests: ['one', 'two', 'three'].map((name) => ({ name, stdin: name, expect: `${name}\n` })) });
  const before = await submit(open, job('cat | sed s/two/2/'));
  const now = await submit(open, job('cat; echo'));
  await page.goto(`${open}/jobs/${now.id}`);
  const compare = page.getByRole('region', { name: 'Compared with another job' });
  await compare.getByRole('button', { name: 'With the one before' }).click();
  await compare.getByText('1 of 3 tests changed').first().waitFor();
  assert.match(await compare.locator('tbody tr').first().innerText(), /two\s+Wrong answer\s+Accepted/);
  assert.equal(new URL(page.url()).search, `?before=${before.id}`);
  await compare.getByText('All tests').click();
  assert.equal(await compare.locator('details tbody tr').count(), 3);
  await compare.getByLabel('Another job’s id').fill('0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f');
  await compare.getByRole('button', { name: 'Compare', exact: true }).click();
  await compare.getByRole('alert').waitFor();
}

export async function aJobIsSubmittedAgainAndCompared(page, { open }) {
  await playground(page, open, '?lang=bash');
  await write(page, 'echo again');
  assert.equal(await run(page), 'Accepted');
  await page.locator('.source a').click();
  await page.getByRole('button', { name: 'Submit again' }).click();
  await page.getByText('The test has the same verdict.').waitFor();
  assert.match(await page.getByRole('complementary', { name: 'Judged with' }).innerText(), /Plugin digest[\s\S]*[0-9a-f]{16}/);
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
  const found = await page.locator('article').allInnerTexts();
  assert.ok(found.length > 0 && found.every((text) => /python/i.test(text)), found.join('\n\n'));
  await page.getByRole('link', { name: 'Try Python 3', exact: true }).click();
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
