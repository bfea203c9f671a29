// The console in a real browser against real servers: `node browser/run.js OPEN KEYED SIGNED KEY ADMIN PLUGINS SHOTS [TEST]`. OPEN,
// KEYED and SIGNED are addresses of servers without keys, with keys, and with an identity provider, KEY and ADMIN keys of the
// second, without and with the scope admin, PLUGINS their plugins, SHOTS where pictures go. TEST is a part of the names of the only tests that run.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import * as access from './access.js';
import * as hostile from './hostile.js';
import * as operators from './operators.js';
import * as pages from './pages.js';
import * as playground from './playground.js';
import * as pictures from './pictures.js';
import * as signin from './signin.js';
import * as work from './work.js';

const [open, keyed, signed, key, admin, plugins, shots, only = ''] = process.argv.slice(2);
if (!shots) throw new Error('node browser/run.js OPEN KEYED SIGNED KEY ADMIN PLUGINS SHOTS [TEST]');
await mkdir(shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.PATH.split(':').map((folder) => join(folder, 'chromium')).find(existsSync),
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
const settings = { open, keyed, signed, key, admin, plugins, shots, browser };
let failed = 0;
try {
  for (const [name, test] of Object.entries({ ...playground, ...pages, ...work, ...access, ...signin, ...operators, ...hostile, ...pictures })) {
    if (!name.toLowerCase().includes(only.toLowerCase())) continue;
    const began = Date.now();
    const trouble = await attempt(test).then(() => undefined, (error) => error);
    const took = `${((Date.now() - began) / 1000).toFixed(1)} s`;
    console.log(`${trouble ? 'FAILED' : 'ok    '} ${name.replaceAll(/([A-Z])/g, ' $1').toLowerCase()}  ${took}`);
    if (trouble) console.log(String(trouble.stack ?? trouble).slice(0, 3000));
    failed += trouble ? 1 : 0;
  }
} finally {
  await browser.close();
}
process.exit(failed > 0 ? 1 : 0);

/** Each test has a browser profile of its own, which reaches this machine only, and in which nothing may go wrong unseen. */
async function attempt(test) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const troubles = [];
  page.on('pageerror', (error) => troubles.push(`page: ${error.message}`));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    // How a page learns that a key is needed, or a plugin bad: the browser prints each such answer.
    if (message.type() === 'error' && !/status of (40[1349]|422)|ERR_CONNECTION_REFUSED/.test(message.text())) troubles.push(message.text());
  });
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (!['blob:', 'data:'].includes(protocol) && !['127.0.0.1', 'localhost'].includes(hostname)) troubles.push(`asked for ${request.url()}`);
  });
  try {
    await test(page, settings);
    if (troubles.length > 0) throw new Error(troubles.join('\n'));
  } finally {
    await context.close();
  }
}
