import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AT_ONCE, verify, type Row, type Submission } from '../src/pages/problem/run';

const submissions = (count: number): Submission[] =>
  Array.from({ length: count }, (_, at) => ({ number: at + 1, name: `s${at + 1}`, expected: 'accepted', files: 1, bytes: 1 }));

/** A server whose jobs end after a few milliseconds, and that refuses some requests at first. */
function server(refusals: number, msOfJob = 5) {
  const seen = { now: 0, most: 0, refused: 0, cancelled: [] as string[] };
  const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
  globalThis.fetch = async (input, init) => {
    const path = String(input);
    if (init?.method === 'DELETE') {
      seen.cancelled.push(path);
      return json(200, {});
    }
    if (init?.method === 'POST') {
      if (seen.refused < refusals) {
        seen.refused += 1;
        return json(429, { error: { code: 'too_many_jobs', message: 'too many' } });
      }
      seen.now += 1;
      seen.most = Math.max(seen.most, seen.now);
      return json(202, { id: `job-${path.split('/')[5]}` });
    }
    if (path.endsWith('/events')) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, msOfJob);
        init?.signal?.addEventListener('abort', () => (clearTimeout(timer), reject(new DOMException('stopped', 'AbortError'))));
      });
      return new Response('id: 1\ndata: {"event":"test","index":0,"total":2}\n\nid: done\ndata: {"event":"done"}\n\n');
    }
    seen.now -= 1;
    return json(200, path.includes('/2/jobs/') ? { verdict: 'wrong_answer', mismatch: 'expected accepted' } : { verdict: 'accepted' });
  };
  return seen;
}

test('a hundred submissions never have more than a few jobs in the queue', async () => {
  const seen = server(2, 30);
  const rows: Record<number, Row[]> = {};
  const show = (number: number, row: Row) => void (rows[number] ??= []).push(row);
  await verify('sha256:aa', submissions(100), show, new AbortController().signal);
  assert.equal(seen.most, AT_ONCE);
  assert.equal(seen.refused, 2, 'what is refused for now is tried again');
  assert.equal(Object.keys(rows).length, 100);
  assert.deepEqual(rows[1], [
    { state: 'queued', job: 'job-1' },
    { state: 'running', job: 'job-1', tests: [1, 2] },
    { state: 'done', job: 'job-1', verdict: 'accepted' },
  ]);
  assert.deepEqual(rows[2]?.at(-1), { state: 'done', job: 'job-2', verdict: 'wrong_answer', mismatch: 'expected accepted' });
});

test('a verification that is stopped cancels what is in the queue and submits no more', async () => {
  const seen = server(0, 10_000);
  const stop = new AbortController();
  const rows: Record<number, Row> = {};
  const show = (number: number, row: Row) => void (rows[number] = row);
  setTimeout(() => stop.abort(), 20);
  await verify('sha256:aa', submissions(10), show, stop.signal);
  assert.equal(Object.values(rows).filter((row) => row.state === 'stopped').length, 10);
  assert.deepEqual(seen.cancelled.sort(), ['/v1/jobs/job-1', '/v1/jobs/job-2', '/v1/jobs/job-3']);
});
