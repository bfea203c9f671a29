import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { curl, directory, python } from '../src/copies';
import { request, words, type Program } from '../src/program';
import { link, unlink } from '../src/share';

const program: Program = {
  language: 'toy',
  files: [
    { path: "it's.toy", text: 'print("a\'b", `c`, $d)\n\\\n' },
    { path: 'lib/two.toy', text: '∀x: 100% \n' },
  ],
  args: '--name "two words" \'it\'',
  stdin: '',
  collect: 'plots/*.png "two words.txt"',
  tests: [
    { stdin: '1 2\n', expect: "3'\n" },
    { stdin: '', expect: '' },
  ],
};

test('arguments are split as a shell splits them', () => {
  assert.deepEqual(words('  a "b c" \'d "e\' f\\ g ""h "\\"" '), ['a', 'b c', 'd "e', 'f g', 'h', '"']);
  assert.deepEqual(words("'' \"\""), ['', '']);
  assert.deepEqual(words(''), []);
});

test('a request holds what was given, and no more', () => {
  const whole = request(program);
  assert.deepEqual(whole.tests, [{ stdin: '1 2\n', expect: "3'\n" }, { stdin: '' }]);
  assert.deepEqual(whole.args, ['--name', 'two words', 'it']);
  assert.equal(whole.entry, "it's.toy");
  assert.deepEqual(whole.collect, ['plots/*.png', 'two words.txt']);
  const plain = request({ ...program, files: program.files.slice(1), args: ' ', collect: '', tests: [] });
  assert.deepEqual(Object.keys(plain).sort(), ['files', 'language']);
  assert.deepEqual(request({ ...program, tests: [], stdin: 'x' }).tests, [{ stdin: 'x' }]);
});

test('a link holds the program, and a damaged one nothing', async () => {
  const url = new URL(await link(program, 'http://localhost/'));
  assert.deepEqual(await unlink(url.hash), program);
  assert.equal(url.search, '');
  const old = { ...program, collect: '' };
  assert.deepEqual(await unlink(new URL(await link(old, 'http://localhost/')).hash), old);
  assert.equal(await unlink(''), undefined);
  assert.equal(await unlink('#other'), undefined);
  for (const damaged of ['#p=%%%', '#p=AAAA', url.hash.slice(0, -9)]) await assert.rejects(unlink(damaged));
  const odd = await new Response(new Blob(['[1,{}]']).stream().pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer();
  await assert.rejects(unlink(`#p=${Buffer.from(odd).toString('base64url')}`), /not a program/);
});

test('a link that unpacks to a great deal is refused', async () => {
  const bomb = new Blob(['[1,"', 'x'.repeat(8 << 20), '"]']).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const packed = Buffer.from(await new Response(bomb).arrayBuffer()).toString('base64url');
  await assert.rejects(unlink(`#p=${packed}`), /too large/);
});

test('what is copied says the same in a shell and in Python', () => {
  const wanted = JSON.stringify(request(program));
  const sent = execFileSync('bash', ['-c', `curl() { printf %s "\${@: -1}"; }; ${curl(program, 'http://h')}`], { encoding: 'utf8' });
  assert.equal(JSON.stringify(JSON.parse(sent)), wanted);
  const line = python(program, 'http://h').split('\n').find((one) => one.startsWith('job = '));
  const printed = execFileSync('python3', ['-c', `import json\n${line}\nprint(json.dumps(job))`], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(printed), JSON.parse(wanted));
});

test('a test directory is written byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'console-'));
  try {
    writeFileSync(join(folder, 'optimus'), '#!/bin/sh\nfor word; do echo "$word"; done > said\n', { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    execFileSync('bash', ['-c', directory(program)], { cwd: folder, env });
    const read = (path: string) => readFileSync(join(folder, path), 'utf8');
    for (const file of program.files) assert.equal(read(file.path), file.text);
    assert.deepEqual([read('tests/1.in'), read('tests/1.out')], ['1 2\n', "3'\n"]);
    const said = ['run', "it's.toy", 'lib/two.toy', '--language', 'toy', '--collect', 'plots/*.png', '--collect', 'two words.txt', '--into', 'files', '--tests', 'tests', '--', '--name', 'two words', 'it'];
    assert.deepEqual(read('said').trim().split('\n'), said);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
