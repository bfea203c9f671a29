// Builds the console and packs it with brotli: `node build.js FOLDER`. The same sources give the same bytes on every machine,
// since what packs comes from the lock file as what builds does.

import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

// Its entry for `import` is made for browsers.
const brotli = createRequire(import.meta.url)('brotli-wasm');

/** What all files, and those of the first view, may weigh, as a browser without brotli fetches them. */
const ALL = 400 << 10;
const FIRST = 120 << 10;

const target = process.argv[2];
if (!target) throw new Error('say where to: node build.js FOLDER');

await build({ logLevel: 'warn' });
await writeFile('dist/console/licenses.txt', await licenses());
await rm(target, { recursive: true, force: true });
const page = await readFile('dist/index.html', 'utf8');
let [all, first] = [0, 0];
for (const entry of await readdir('dist', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const plain = await readFile(path);
  // Scripts and styles are told apart by their names: they lie in one folder.
  const name = relative('dist', path).replace(/^console\//, '');
  const packed = join(target, `${name}.br`);
  await mkdir(dirname(packed), { recursive: true });
  await writeFile(packed, brotli.compress(plain, { quality: 11 }));
  const weight = gzipSync(plain, { level: 9 }).length;
  all += weight;
  if (page.includes(name) || name === 'index.html') first += weight;
}
console.log(`${Math.ceil(all / 1024)} KiB in all, ${Math.ceil(first / 1024)} KiB at first`);
if (all > ALL || first > FIRST) throw new Error('the console weighs too much');

/** What the authors of the parts want to be said beside them. */
async function licenses() {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8'));
  const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  const texts = shipped.map(async ([path, { version }]) => {
    const name = (await readdir(path)).find((file) => /^licen[cs]e/i.test(file));
    if (!name) throw new Error(`${path} has no licence`);
    return `${path.replace('node_modules/', '')} ${version}\n\n${(await readFile(join(path, name), 'utf8')).trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}
