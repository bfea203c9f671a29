// Many jobs at a time, with a server that is not there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Completed, Client, type JobRequest } from 'optimus-client';

/** Answers each job after a moment, and counts how many it has at once. */
function judge() {
  const seen = { now: 0, most: 0, all: 0, slow: 0 };
  const done = (id: string) => Response.json({ id, state: 'done', report: { id, verdict: 'accepted', tests: [] } });
  const give: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    seen.all += 1;
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    seen.now -= 1;
    const id = new URL(request.url).pathname.split('/').at(-1) ?? '';
    if (request.method === 'GET') return id === 'slow' && ++seen.slow < 3 ? Response.json({ id, state: 'running' }) : done(id);
    if (!(await request.text()).includes('refused')) return done('posted');
    return Response.json({ error: { code: 'invalid', message: 'no' } }, { status: 422 });
  };
  return { client: new Client('http://judge.example', { fetch: give }), seen };
}

function* jobs(count = Infinity): Generator<JobRequest> {
  for (let number = 0; number < count; number += 1) yield { language: 'python', source: number % 10 === 3 ? 'refused' : 'print()' };
}

async function all(completed: AsyncIterable<Completed>): Promise<Completed[]> {
  const ended = [];
  for await (const done of completed) ended.push(done);
  return ended;
}

test('each job ends once, and one refusal is its own', async () => {
  const { client, seen } = judge();
  const ended = await all(client.asCompleted(jobs(100), { lanes: 8 }));
  assert.deepEqual(ended.map(({ index }) => index).sort((a, b) => a - b), [...Array(100).keys()]);
  const refused = ended.filter(({ error }) => error).map(({ index }) => index % 10);
  assert.deepEqual(refused, Array(10).fill(3));
  assert.ok(seen.most >= 2 && seen.most <= 8, `${seen.most}`);
});

test('an endless supply is taken only as far as it is used, and closed', async () => {
  const { client, seen } = judge();
  let [closed, count] = [false, 0];
  async function* endless() {
    try {
      yield* jobs();
    } finally {
      closed = true;
    }
  }
  for await (const _ of client.asCompleted(endless(), { lanes: 4 })) if (++count === 10) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(seen.all <= 10 + 2 * 4, `${seen.all}`);
  assert.ok(closed);
});

test('a slow job does not hold back the others', async () => {
  const ended = await all(judge().client.asCompleted(['slow', 'a', 'b', 'c'], { lanes: 1 }));
  assert.deepEqual(ended.map(({ result }) => result?.id), ['a', 'b', 'c', 'slow']);
});

test('an error of the supply reaches the caller', async () => {
  function* broken() {
    yield* jobs(2);
    throw new Error('mine');
  }
  await assert.rejects(all(judge().client.asCompleted(broken(), { lanes: 3 })), /^Error: mine$/);
  assert.deepEqual(await all(judge().client.asCompleted([])), []);
});
