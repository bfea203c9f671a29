// A real server: right, wrong and broken programs, many jobs, keys, and a server that is killed and started again.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { ApiError, type Completed, Client, type JobRequest, StillRunningError, content, toBytes } from 'optimus-client';

const { OPTIMUS_BINARY: binary = '', OPTIMUS_PLUGINS: plugins = '', README = '' } = process.env;
const skip = binary === '' && '`cargo xtask sdk` says where the server is';
const DOUBLE = 'print(2 * int(input()))';

/** `optimus serve`, with a state directory that outlives it. */
class Server {
  base = '';
  readonly #state = mkdtempSync(join(tmpdir(), 'optimus-client-'));
  #process: ChildProcess | undefined;

  /** Starts it, the second time at the address of the first. */
  async start(): Promise<void> {
    const address = this.base.replace('http://', '') || '127.0.0.1:0';
    const words = ['serve', '--listen', address, '--log', 'error', '--sandbox', 'native', '--plugins', plugins, '--state', this.#state];
    const started = (this.#process = spawn(binary, words, { stdio: ['ignore', 'pipe', 'inherit'] }));
    const [line] = (await once(createInterface(started.stdout), 'line')) as [string];
    this.base = line.replace('listening on ', '');
    assert.match(this.base, /^http:/);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const ended = this.#process && once(this.#process, 'exit');
    this.#process?.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.#state, { recursive: true, force: true });
  }

  /** Makes a key; from then on the server asks for one. */
  key(scopes: string): string {
    const words = ['keys', 'create', '--json', '--tenant', 'school', '--scope', scopes, '--state', this.#state];
    return (JSON.parse(execFileSync(binary, words, { encoding: 'utf8' })) as { key: string }).key;
  }
}

const shared = new Server();
let client: Client;
before(async () => {
  if (skip) return;
  await shared.start();
  client = new Client(shared.base);
});
after(() => (skip ? undefined : shared.remove()));

async function all<T>(things: AsyncIterable<T>): Promise<T[]> {
  const seen = [];
  for await (const thing of things) seen.push(thing);
  return seen;
}

const numbers = (count: number, before = ''): JobRequest[] =>
  Array.from({ length: count }, (_, number) => {
    return { language: 'bash', source: `${before}echo ${number}`, tests: [{ expect: number % 2 ? `${number}` : 'no' }] };
  });

function check(ended: Completed[], count: number): void {
  const wanted = Array.from({ length: count }, (_, number) => (number % 2 ? 'accepted' : 'wrong_answer'));
  const found = [...ended].sort((a, b) => a.index - b.index).map(({ result, error }) => result?.verdict ?? error);
  assert.deepEqual(found, wanted);
}

test('right, wrong and broken programs are results', { skip }, async () => {
  const right = await client.run({ language: 'python', source: DOUBLE, tests: [{ stdin: '1', expect: '2' }] });
  assert.equal(`${right}`, 'accepted, 1 of 1 tests');
  const wrong = await client.run({ language: 'python', source: DOUBLE, tests: [{ stdin: '1', expect: '3' }] });
  assert.equal(wrong.verdict, 'wrong_answer');
  const broken = await client.run({ language: 'c', source: 'int main(void) { retur 0; }' });
  assert.equal(broken.verdict, 'compile_error');
  assert.match(broken.compilerOutput, /retur/);
  const failed = await client.run({ language: 'bash', source: 'echo out; echo err >&2; exit 3' });
  assert.deepEqual([failed.verdict, failed.stdout, failed.stderr], ['runtime_error', 'out\n', 'err\n']);
  const bytes = content(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  const same = await client.run({ language: 'bash', source: 'cat', tests: [{ stdin: bytes, expect: bytes }] });
  assert.ok(same.accepted);
  assert.deepEqual(toBytes(same.tests[0]?.stdout.content ?? ''), toBytes(bytes));
});

test('an unknown language is refused with a remedy', { skip }, async () => {
  await assert.rejects(client.run({ language: 'pyton', source: '' }), { status: 422, code: 'unknown_language', hint: /did you mean `python`\?/ });
  const id = await client.submit({ language: 'bash', source: '' }, { idempotencyKey: 'once' });
  assert.equal(await client.submit({ language: 'bash', source: '' }, { idempotencyKey: 'once' }), id);
  await assert.rejects(client.submit({ language: 'bash', source: 'true' }, { idempotencyKey: 'once' }), { status: 409, code: 'key_reused' });
  assert.ok((await client.languages()).some((language) => language.id === 'python'));
  assert.ok((await client.limits()).max_tests >= 1);
});

test('two hundred jobs as they end, and a batch', { skip }, async () => {
  check(await all(client.asCompleted(numbers(200))), 200);
  const rows = await client.batch([...numbers(150), { language: 'pyton' }]);
  assert.ok(rows[150] instanceof ApiError);
  const ended = await all(client.asCompleted(rows));
  assert.equal(ended.length, 151);
  check(ended.filter(({ error }) => !error), 150);
});

test('events tell what happens', { skip }, async () => {
  const source = "import time\nfor _ in range(2):\n    print('a\u2028b', flush=True)\n    time.sleep(0.3)\n";
  const events = await all(client.events(await client.submit({ language: 'python', source })));
  assert.ok(events.some((event) => event.event === 'output' && event.content === 'a\u2028b\n'));
  const last = events.at(-1);
  assert.ok(last?.event === 'done' && last.report.verdict === 'accepted');
});

test('a job goes on after a timeout until it is cancelled', { skip }, async () => {
  const job = { language: 'bash', source: 'sleep 20', limits: { wall_ms: 30_000 } };
  const failed = await client.run(job, { timeoutMs: 500 }).catch((error: unknown) => error);
  assert.ok(failed instanceof StillRunningError);
  await client.cancel(failed.id);
  assert.equal((await client.wait(failed.id)).verdict, 'cancelled');
  await assert.rejects(client.cancel(failed.id), { status: 409, code: 'too_late' });
});

test('problems are stored and removed', { skip }, async () => {
  await assert.rejects(client.addProblem(new TextEncoder().encode('no archive')), { status: 422 });
  const archive = join(mkdtempSync(join(tmpdir(), 'optimus-client-')), 'double.zip');
  const files = { 'double/problem.yaml': 'name: Double\n', 'double/data/secret/1.in': '1\n', 'double/data/secret/1.ans': '2\n' };
  const pack = 'import sys, json, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z:\n  for n, t in json.loads(sys.argv[2]).items(): z.writestr(n, t)';
  execFileSync('python3', ['-c', pack, archive, JSON.stringify(files)]);
  const stored = await client.addProblem(readFileSync(archive), { cpuMs: 2000 });
  assert.equal(stored.tests, 1);
  assert.ok((await client.run({ language: 'python', source: DOUBLE, problem: stored.problem })).accepted);
  assert.deepEqual(await client.problems(), [stored.problem]);
  await client.removeProblem(stored.problem);
  await assert.rejects(client.problem(stored.problem), { status: 404 });
});

test('the README', { skip: skip || (README === '' && 'no README') }, async () => {
  const [first = '', many = ''] = [...readFileSync(README, 'utf8').matchAll(/```ts\n(.*?)\n```\n/gs)].map((block) => block[1] ?? '');
  assert.equal(printed(first), 'accepted 1 of 1\n');
  const lines = printed(many).trim().split('\n').sort();
  assert.deepEqual(lines, Array.from({ length: 10 }, (_, number) => `${number} ${number === 7 ? 'accepted' : 'wrong_answer'}`));
});

/** A program of the README prints this; it is JavaScript, too. */
function printed(program: string): string {
  const there = program.replaceAll('http://127.0.0.1:8080', shared.base);
  return execFileSync(process.execPath, ['--input-type=module', '--eval', there], { encoding: 'utf8' });
}

test('keys are asked for, and no job is lost by a server that is killed and started again', { skip }, async () => {
  const server = new Server();
  const [right, reader] = [server.key('submit,read'), server.key('read')];
  try {
    await server.start();
    const job = { language: 'bash', source: '' };
    await assert.rejects(new Client(server.base).run(job), { status: 401, hint: /optimus keys create/ });
    await assert.rejects(new Client(server.base, { key: 'opt_00000000_no' }).run(job), { status: 401 });
    await assert.rejects(new Client(server.base, { key: reader }).run(job), { status: 403 });
    const client = new Client(server.base, { key: right });
    const ids = await client.batch(numbers(20, 'sleep 0.1; '));
    const followed = all(client.events(await client.submit({ language: 'bash', source: 'sleep 0.1; echo last' })));
    const ended: Completed[] = [];
    for await (const done of client.asCompleted([...ids, ...numbers(20, 'sleep 0.1; ')], { lanes: 8 })) {
      ended.push(done);
      if (ended.length !== 8) continue;
      await server.end('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 500));
      await server.start();
    }
    check(ended, 40);
    assert.equal((await followed).at(-1)?.event, 'done');
  } finally {
    await server.remove();
  }
});
