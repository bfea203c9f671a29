// What the console costs, at a real server: `node browser/measure.js BASE LIGHTHOUSE`. LIGHTHOUSE is the folder whose node_modules
// holds it. Prints a table: what Lighthouse says of each page, when the first view is painted, frames a second of the list of
// jobs while jobs end beside it, and what three open consoles take from the server's rate.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const PAGES = ['/', '/jobs', '/pipelines', '/schedules', '/sessions', '/languages', '/live', '/problems', '/plugins', '/dead', '/audit', '/keys', '/doctor'];
const PORT = 9333;
const PAINTS = 9;
/** Jobs that wait at once for each of the load's connections. */
const CONNECTIONS = 16;
const LOAD_MS = 8000;
const ROUNDS = 5;
const JOB = JSON.stringify({ language: 'c', source: 'int main(void) { return 0; }\n', tests: [{ stdin: '' }] });

const [base, lighthouse] = process.argv.slice(2);
if (!lighthouse) throw new Error('node browser/measure.js BASE LIGHTHOUSE');
const browser = await chromium.launch({
  executablePath: process.env.PATH.split(':').map((folder) => join(folder, 'chromium')).find(existsSync),
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--remote-debugging-port=${PORT}`],
});
try {
  await firstPaint();
  await frames();
  await rates();
  await scores();
} finally {
  await browser.close();
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function firstPaint() {
  const times = [];
  for (let at = 0; at < PAINTS; at += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${base}/`);
    await page.locator('.cm-content').waitFor();
    times.push(await page.evaluate('performance.getEntriesByName("first-contentful-paint")[0].startTime'));
    await context.close();
  }
  console.log(`first paint: ${Math.round(median(times))} ms (${Math.round(Math.min(...times))} to ${Math.round(Math.max(...times))}), ${PAINTS} new profiles`);
}

/** Submits as fast as jobs end, until the time is over; how many ended a second. */
async function load() {
  const end = Date.now() + LOAD_MS;
  let done = 0;
  const one = async () => {
    while (Date.now() < end) {
      const answer = await fetch(`${base}/v1/jobs?wait=30s`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JOB });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return done / (LOAD_MS / 1000);
}

async function frames() {
  for (const path of ['/jobs', '/live']) {
    const page = await browser.newPage();
    await page.goto(`${base}${path}`);
    await page.evaluate('window.frames_ = 0; (function next() { window.frames_ += 1; requestAnimationFrame(next); })()');
    const began = Date.now();
    const before = await page.evaluate('window.frames_');
    const rate = await load();
    const seen = (await page.evaluate('window.frames_')) - before;
    console.log(`${path}: ${(seen / ((Date.now() - began) / 1000)).toFixed(1)} frames a second beside ${rate.toFixed(0)} jobs a second`);
    await page.close();
  }
}

/** Without and with consoles by turns, since machines are noisy. */
async function rates() {
  const [without, beside] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    without.push(await load());
    const pages = await Promise.all(['/', '/jobs', '/live'].map(async (path) => {
      const page = await browser.newPage();
      await page.goto(`${base}${path}`);
      return page;
    }));
    beside.push(await load());
    await Promise.all(pages.map((page) => page.close()));
  }
  const loss = median(without.map((rate, at) => 1 - beside[at] / rate));
  console.log(`three consoles: ${median(without).toFixed(0)} jobs a second without, ${median(beside).toFixed(0)} with, ${(100 * loss).toFixed(1)} % less (medians of ${ROUNDS} pairs)`);
}

async function scores() {
  const entry = pathToFileURL(join(lighthouse, 'node_modules/lighthouse/core/index.js'));
  const { default: examine, desktopConfig } = await import(entry);
  for (const path of PAGES) {
    const { lhr } = await examine(`${base}${path}`, { port: PORT, onlyCategories: ['performance', 'accessibility', 'best-practices'] }, desktopConfig);
    const all = Object.values(lhr.categories).map(({ title, score }) => `${title.toLowerCase()} ${Math.round(score * 100)}`);
    console.log(`${path}: ${all.join(', ')}`);
  }
}
