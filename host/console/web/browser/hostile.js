// What a program prints is text, whatever it looks like.

import assert from 'node:assert/strict';
import { accessible, output, playground, run, submit, write } from './steps.js';

const HTML = '<img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)></svg>{{7*7}}<a href="javascript:alert(4)">x</a>';

/** Bash prints these bytes. */
const octal = (bytes) => [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
const printing = (bytes) => `printf '%b' '${octal(Buffer.from(bytes))}'`;

export async function hostileOutputIsText(page, { open }) {
  const printed = Buffer.concat([
    Buffer.from(`${HTML}\n\u001b[31mred\u001b]0;title\u0007\nabc\u202Etxt.exe\u2066\n`),
    Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x0a]),
    Buffer.from('שלום עולם\n'),
  ]);
  const source = `${printing(printed)}; ${printing(HTML)} >&2; exit 3`;
  const { id } = await submit(open, { language: 'bash', source, tests: [{ name: HTML, stdin: '', expect: `${HTML}!` }], labels: { note: HTML } });
  await page.goto(`${open}/jobs/${id}`);
  await page.locator('.stream pre').first().waitFor();
  assert.equal(await page.locator('main img, main script, main svg[onload], main a[href^="javascript"]').count(), 0);
  const shown = await page.locator('.stream pre').first().innerText();
  assert.ok(shown.includes(HTML), shown);
  assert.ok(shown.includes('␛[31mred') && shown.includes('⟨U+202E⟩txt.exe⟨U+2066⟩') && shown.includes('␀'), shown);
  assert.ok(shown.includes('�') && shown.includes('שלום עולם'), shown);
  await page.getByText('Bytes that are no text').first().waitFor();
  assert.equal(await page.title(), `Job ${id.slice(0, 8)} · Optimus`);
  await accessible(page, 'a job with hostile output');
}

export async function aVeryLongLineIsShown(page, { open }) {
  const { id } = await submit(open, { language: 'bash', source: "head -c 4000000 /dev/zero | tr '\\0' 'x'", capture_bytes: 4_000_000 });
  const began = Date.now();
  await page.goto(`${open}/jobs/${id}`);
  await page.locator('.stream .note', { hasText: 'more characters are not shown' }).waitFor();
  assert.ok(Date.now() - began < 10_000, 'the page takes seconds at most');
  await page.getByRole('button', { name: 'Save the bytes' }).first().waitFor();
}

export async function sixtyFourMebibytesOnOneLineLeaveThePageUsable(page, { open }) {
  await playground(page, open, '?lang=bash');
  await write(page, "head -c 67108864 /dev/zero | tr '\\0' 'x'");
  await page.evaluate(`(() => {
    window.slowest = 0;
    let last = performance.now();
    const frame = (now) => { window.slowest = Math.max(window.slowest, now - last); last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  })()`);
  const verdict = await run(page);
  assert.ok(['Accepted', 'Output limit'].includes(verdict), verdict);
  assert.match(await output(page).innerText(), /^x{4000}⏎/);
  await page.locator('.stream .note').getByText(/server kept only this much|more characters are not shown/).first().waitFor();
  const slowest = await page.evaluate('window.slowest');
  assert.ok(slowest < 2000, `a frame took ${Math.round(slowest)} ms`);
}

export async function hostileOutputIsTextWhileItIsPrinted(page, { open }) {
  await playground(page, open, '?lang=bash');
  const hostile = Buffer.concat([Buffer.from(`${HTML}\n\u001b[2J\u202Eabc\n`), Buffer.from([0x00, 0xff, 0xc0, 0x0a])]);
  await write(page, `${printing(hostile)}; sleep 1; exit 0`);
  await page.keyboard.press('Control+Enter');
  const live = output(page);
  await page.locator('.stream pre', { hasText: '␛[2J' }).first().waitFor();
  assert.ok((await live.innerText()).includes(`${HTML}\n␛[2J⟨U+202E⟩abc\n␀��`), await live.innerText());
  assert.equal(await page.locator('main img, main script, main svg[onload], main a[href^="javascript"]').count(), 0);
  await page.locator('.output .verdict .badge.good').waitFor();
}

export async function hostileNamesAreText(page, { open }) {
  const name = `${HTML}\u202E\u0000`;
  const job = (source) => ({ language: 'bash', source, tests: [{ name, stdin: '', expect: 'x' }] });
  const before = await submit(open, job('echo x'));
  const { id } = await submit(open, job('echo y'));
  await page.goto(`${open}/jobs/${id}?before=${before.id}`);
  const row = page.getByRole('region', { name: 'Compared with another job' }).locator('tbody td').first();
  assert.equal(await row.innerText(), `${HTML}⟨U+202E⟩␀`);
  await page.goto(`${open}/jobs?language=${encodeURIComponent(HTML)}`);
  await page.getByText('No job matches.').waitFor();
  assert.equal(await page.locator('main img, main script').count(), 0);
}
