// The playground as somebody uses it.

import assert from 'node:assert/strict';
import { output, playground, run, write } from './steps.js';

export async function aSampleRunsInEveryLanguage(page, { open }) {
  await playground(page, open);
  const names = await page.getByLabel('Language').locator('option').allInnerTexts();
  assert.ok(names.length >= 5, `only ${names}`);
  for (const name of names.slice(0, 6)) {
    await page.getByLabel('Language').selectOption({ label: name });
    assert.equal(await run(page), 'Accepted', name);
    assert.match(await output(page).innerText(), /Hello, world!/);
  }
}

export async function outputIsShownWhileTheProgramRuns(page, { open }) {
  await playground(page, open, '?lang=bash');
  await write(page, 'echo begun; sleep 1.5; echo ended');
  await page.keyboard.press('Control+Enter');
  await page.getByText('begun').last().waitFor();
  assert.equal(await page.locator('.output .badge.busy').count(), 1, 'it still runs');
  await page.locator('.output .verdict .badge.good').waitFor();
  assert.match(await output(page).innerText(), /begun\nended/);
}

export async function aRunIsCancelled(page, { open }) {
  await playground(page, open, '?lang=bash');
  await write(page, 'echo begun; sleep 5');
  await page.getByRole('button', { name: 'Run', exact: false }).click();
  await page.getByText('begun').last().waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.locator('.output .badge', { hasText: 'Cancelled' }).first().waitFor();
}

export async function testsAreAGridAndTheFirstDifferenceIsShown(page, { open }) {
  await playground(page, open, '?lang=bash');
  await write(page, 'read a b; echo "the sum is $((a + b))"');
  await page.getByRole('tab', { name: 'Tests' }).click();
  await page.getByLabel('Input of test 1').fill('1 2');
  await page.getByLabel('Expected output of test 1').fill('the sum is 3');
  await page.getByRole('button', { name: 'Add a test' }).click();
  await page.getByLabel('Input of test 2').fill('2 2');
  await page.getByLabel('Expected output of test 2').fill('the sum is 5');
  assert.equal(await run(page), 'Wrong answer');
  assert.match(await page.locator('.output .verdict').innerText(), /1 of 2 tests accepted/);
  const difference = page.getByRole('region', { name: 'First difference' });
  assert.deepEqual(await difference.locator('mark').allInnerTexts(), ['5', '4']);
  assert.deepEqual(await page.locator('.grid .outcome .badge').allInnerTexts(), ['Accepted', 'Wrong answer']);
}

export async function filesThatARunLeftAreShown(page, { open }) {
  await playground(page, open, '?lang=python');
  await write(page, [
    'import os, zlib, struct',
    'os.mkdir("plots")',
    'chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))',
    'rows = zlib.compress(b"\\0" + b"\\xff\\0\\0" * 3)',
    'png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 1, 8, 2, 0, 0, 0)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")',
    'open("plots/red.png", "wb").write(png)',
    'open("plots/evil.svg", "w").write("<svg xmlns=\\"http://www.w3.org/2000/svg\\" onload=\\"top.owned=1\\"><script>top.owned=1</script></svg>")',
    'open("plots/table.csv", "w").write("a,b\\n1,2\\n")',
  ].join('\n') + '\n');
  await page.getByLabel('Files to keep').fill('plots/* missing.txt');
  assert.equal(await run(page), 'Accepted');
  const files = page.getByRole('region', { name: 'Files', exact: true });
  assert.deepEqual(await files.locator('.name').allInnerTexts(), ['plots/evil.svg', 'plots/red.png', 'plots/table.csv']);
  assert.match(await files.locator('.reason').innerText(), /missing\.txt/);
  const red = files.getByRole('img', { name: 'Picture plots/red.png' });
  await red.waitFor();
  assert.equal(await red.evaluate((image) => image.decode().then(() => image.naturalWidth)), 3);
  assert.equal(await page.evaluate('window.owned'), undefined, 'an SVG is a picture and nothing else');
  const saved = page.waitForEvent('download');
  await files.getByRole('button', { name: 'Save plots/table.csv' }).click();
  assert.equal((await saved).suggestedFilename(), 'table.csv');
  await page.locator('.output .source a').click();
  await page.getByRole('img', { name: 'Picture plots/red.png' }).waitFor();
}

export async function aCompilersMessageLeadsToItsLine(page, { open }) {
  await playground(page, open, '?lang=c');
  await write(page, 'int main(void) {\n  return missing;\n}\n');
  assert.equal(await run(page), 'Compile error');
  await page.locator('.cm-lintRange-error').first().waitFor();
  await page.locator('.messages button', { hasText: 'missing' }).first().click();
  assert.equal(await page.evaluate('document.activeElement.shadowRoot?.activeElement?.className.includes("cm-content")'), true);
}

export async function filesArgumentsAndInputReachTheProgram(page, { open }) {
  await playground(page, open, '?lang=python');
  await page.getByRole('button', { name: 'Add a file' }).click();
  await page.getByLabel('Name of the file').fill('helper.py');
  await page.keyboard.press('Enter');
  await write(page, 'WORD = "helped"\n');
  await page.getByRole('button', { name: 'main.py', exact: true }).click();
  await write(page, 'import sys, helper\nprint(helper.WORD, sys.argv[1:], input())\n');
  await page.getByLabel('Standard input').fill('typed');
  await page.getByLabel('Arguments').fill('one "two words"');
  assert.equal(await run(page), 'Accepted');
  assert.match(await output(page).innerText(), /helped \['one', 'two words'\] typed/);
}

export async function aLinkCarriesTheWholeProgram(page, { open, browser }) {
  await playground(page, open, '?lang=python');
  await write(page, 'print("from a link: ∀", input())\n');
  await page.getByLabel('Standard input').fill('and its input');
  await page.getByRole('button', { name: 'Share' }).click();
  await page.getByText('Link copied').waitFor();
  const link = await page.evaluate('navigator.clipboard.readText()');
  assert.equal(new URL(link).search, '', 'the program is in the fragment, which no server sees');
  const other = await browser.newContext();
  const fresh = await other.newPage();
  await fresh.goto(link);
  await fresh.locator('.cm-content').waitFor();
  assert.equal(await run(fresh), 'Accepted');
  assert.match(await output(fresh).innerText(), /from a link: ∀ and its input/);
  await fresh.goto(`${open}/#p=damaged`);
  await fresh.getByText('The link is damaged').waitFor();
  await other.close();
}

export async function theRequestIsCopiedForOtherClients(page, { open }) {
  await playground(page, open, '?lang=python');
  for (const [choice, wanted] of [['curl', /^curl 'http:.*\/v1\/jobs\?wait=60s'/], ['Python', /^import json/], ['Test directory', /optimus run 'main\.py'/]]) {
    await page.getByRole('button', { name: /Copy as|Copied/ }).click();
    await page.getByRole('button', { name: choice, exact: true }).click();
    await page.getByText('Copied').waitFor();
    assert.match(await page.evaluate('navigator.clipboard.readText()'), wanted);
  }
}

export async function vimKeysAreToBeHad(page, { open }) {
  await playground(page, open, '?lang=bash');
  await page.getByRole('button', { name: 'Copy as' }).click();
  await page.getByLabel('Vim keys').check();
  await page.keyboard.press('Escape');
  await page.locator('.cm-fat-cursor, .cm-vimMode').first().waitFor();
  await page.locator('.cm-content').click();
  await page.keyboard.type('ggdGiecho vim');
  assert.equal(await run(page), 'Accepted');
  assert.match(await output(page).innerText(), /^vim/);
}

export async function thePlaygroundIsEmbedded(page, { open }) {
  const response = await page.goto(`${open}/?embed&lang=python`);
  assert.match(response.headers()['content-security-policy'], /frame-ancestors 'self'/);
  await page.locator('.cm-content').waitFor();
  assert.equal(await page.locator('header.bar').count(), 0);
  assert.equal(await run(page), 'Accepted');
}

export async function everythingIsReachedByKeyboard(page, { open }) {
  await playground(page, open);
  const reached = new Set();
  await page.evaluate('document.activeElement?.blur()');
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(`(() => {
      const inner = document.activeElement?.shadowRoot?.activeElement;
      return inner ? 'editor' : (document.activeElement?.innerText || document.activeElement?.getAttribute('aria-label') || document.activeElement?.tagName || '').trim();
    })()`);
    reached.add(name.split('\n')[0]);
    // The editor keeps Tab for indenting; Escape lets it go.
    if (name === 'editor') await page.keyboard.press('Escape');
  }
  for (const wanted of ['Skip to the content', 'Jobs', 'Languages', 'Run', 'Share', 'editor', 'Tests']) {
    assert.ok([...reached].some((name) => name.startsWith(wanted)), `${wanted} is not among ${[...reached].join(', ')}`);
  }
}
