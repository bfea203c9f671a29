// Every page, light, dark and narrow: it fits, it can be used by everybody, and a picture of it is kept.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { accessible, fits, playground, run, submit, write } from './steps.js';

const JOB = {
  language: 'python',
  source: 'a, b = map(int, input().split())\nprint("sum:", a + b if a < 5 else a - b)\n',
  tests: [
    { name: 'small', stdin: '1 2\n', expect: 'sum: 3\n' },
    { name: 'equal', stdin: '4 4\n', expect: 'sum: 8\n' },
    { name: 'large', stdin: '900 77\n', expect: 'sum: 977\n' },
  ],
};

const PACKAGE = `<?xml version="1.0" encoding="UTF-8"?>
<fps version="1.2"><item>
<title>Sum</title><time_limit unit="s">1</time_limit><memory_limit unit="mb">128</memory_limit>
<test_input><![CDATA[1 2\n]]></test_input><test_output><![CDATA[3\n]]></test_output>
<solution language="Bash"><![CDATA[read a b; echo $((a + b))]]></solution>
</item></fps>`;

const LOOKS = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  narrow: { viewport: { width: 360, height: 740 }, colorScheme: 'light', reducedMotion: 'reduce' },
};

export async function everyPageFitsEveryWindow(_, { open, browser, shots }) {
  const { id } = await submit(open, JOB);
  for (const [look, options] of Object.entries(LOOKS)) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const keep = async (name) => {
      await page.screenshot({ path: join(shots, `${name}-${look}.png`) });
      await fits(page, `${name}, ${look}`);
      await accessible(page, `${name}, ${look}`);
    };
    await playground(page, open, '?lang=python');
    await write(page, JOB.source);
    await page.getByRole('tab', { name: 'Tests' }).click();
    for (const [at, test] of JOB.tests.entries()) {
      if (at > 0) await page.getByRole('button', { name: 'Add a test' }).click();
      await page.getByLabel(`Input of test ${at + 1}`, { exact: true }).fill(test.stdin);
      await page.getByLabel(`Expected output of test ${at + 1}`, { exact: true }).fill(test.expect);
    }
    assert.equal(await run(page), 'Wrong answer');
    await page.locator('.cm-content').blur();
    await keep('playground');
    await page.goto(`${open}/jobs`);
    await page.locator('.rows a.row').first().waitFor();
    await keep('jobs');
    await page.goto(`${open}/jobs/${id}`);
    await page.locator('.timeline').waitFor();
    await keep('job');
    await page.goto(`${open}/languages`);
    await page.locator('.languages article').first().waitFor();
    await keep('languages');
    await page.goto(`${open}/pipelines`);
    await page.getByText('There is no pipeline').waitFor();
    await keep('pipelines');
    await page.goto(`${open}/schedules`);
    await page.locator('summary', { hasText: 'Create a schedule' }).click();
    await page.getByText('There is no schedule').waitFor();
    await keep('schedules');
    await page.goto(`${open}/sessions`);
    await page.getByRole('button', { name: 'Begin a session' }).click();
    await page.getByRole('textbox', { name: 'Next cell' }).fill('sum(range(9))');
    await page.getByRole('textbox', { name: 'Next cell' }).press('Control+Enter');
    await page.getByText('36', { exact: true }).waitFor();
    await keep('session');
    await page.goto(`${open}/sessions`);
    await page.getByRole('button', { name: /End it/ }).click();
    await page.getByRole('button', { name: /Press again/ }).click();
    await keep('sessions');
    await page.goto(`${open}/audit`);
    await page.locator('article').first().waitFor();
    await keep('audit');
    await page.goto(`${open}/live`);
    await page.locator('.plot canvas').first().waitFor();
    await keep('live');
    await page.goto(`${open}/plugins`);
    await page.locator('article').first().waitFor();
    await keep('plugins');
    await page.goto(`${open}/problems`);
    await page.getByText('No problem is stored').waitFor();
    await keep('problems');
    const { problem } = await (await fetch(`${open}/v1/problems`, { method: 'POST', body: PACKAGE })).json();
    await page.goto(`${open}/problems/${problem}`);
    await page.getByRole('button', { name: 'Judge them' }).click();
    await page.getByText('1 of 1 ended, 1 as expected').waitFor();
    await keep('problem');
    await fetch(`${open}/v1/problems/${problem}`, { method: 'DELETE' });
    await page.goto(`${open}/dead`);
    await page.getByText('No job was given up').waitFor();
    await keep('dead');
    await page.goto(`${open}/keys`);
    await page.getByText('There is no key').waitFor();
    await keep('keys');
    await page.goto(`${open}/doctor`);
    await page.getByRole('region', { name: 'Machine' }).waitFor();
    await keep('doctor');
    const theme = await page.evaluate('document.documentElement.dataset.theme');
    assert.equal(theme, look === 'dark' ? 'dark' : 'light');
    await context.close();
  }
}

export async function theSignInFits(_, { keyed, browser, shots }) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  const page = await context.newPage();
  await page.goto(keyed);
  await page.getByLabel('API key').waitFor();
  await page.screenshot({ path: join(shots, 'sign-in-narrow.png') });
  await fits(page, 'sign in');
  await accessible(page, 'sign in');
  await context.close();
}
