// What is sent, what is sent again, and what is not: answers that a test has written down.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, Client, type Event, StillRunningError, UnreachableError, content, toBytes, toText } from 'optimus-client';

const ID = '0197b5c2-7d1e-7b3a-9c54-3f0a6b1d2e4f';
const LOST = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });

type Answer = Error | (() => Response);

function scripted(answers: Answer[], retryForMs = 5_000) {
  const requests: Request[] = [];
  const give: typeof fetch = async (input, init) => {
    requests.push(new Request(input, init));
    const answer = answers.shift() ?? new Error('the script is over');
    if (answer instanceof Error) throw answer;
    return answer();
  };
  return { client: new Client('http://judge.example/optimus/', { key: 'opt_1', retryForMs, fetch: give }), requests };
}

const json = (status: number, body: unknown, headers = {}) => () => new Response(JSON.stringify(body), { status, headers });
const refusal = (status: number, code: string, headers = {}) =>
  json(status, { error: { code, message: `it is ${code}`, hint: 'mend it' } }, headers);
const queued = json(202, { id: ID, state: 'queued' });
const running = json(200, { id: ID, state: 'running' });
const done = (verdict = 'accepted') => json(200, { id: ID, state: 'done', report: { id: ID, verdict, tests: [] } });

test('a run is one request with key, path and wait', async () => {
  const { client, requests } = scripted([done()]);
  assert.equal((await client.run({ language: 'python', source: "print('é')" })).accepted, true);
  assert.equal(requests.length, 1);
  assert.equal(requests[0]?.url, 'http://judge.example/optimus/v1/jobs?wait=20000ms');
  assert.equal(requests[0]?.headers.get('authorization'), 'Bearer opt_1');
  assert.deepEqual(await requests[0]?.json(), { language: 'python', source: "print('é')" });
});

test('a submission that was not answered is repeated under the same key', async () => {
  const { client, requests } = scripted([LOST, LOST, queued, queued]);
  assert.equal(await client.submit({ language: 'python' }), ID);
  await client.submit({ language: 'python' });
  const keys = requests.map((request) => request.headers.get('idempotency-key'));
  assert.equal(new Set(keys.slice(0, 3)).size, 1);
  assert.notEqual(keys[2], keys[3]);
});

for (const status of [429, 503]) {
  test(`${status} is repeated when it says`, async () => {
    const { client } = scripted([refusal(status, 'busy', { 'retry-after': '1' }), queued]);
    const began = performance.now();
    await client.submit({ language: 'python' });
    assert.ok(performance.now() - began >= 990);
  });
}

test('a refusal that lasts longer than the caller has patience is thrown at once', async () => {
  const { client, requests } = scripted([refusal(429, 'rate_limited', { 'retry-after': '3600' })]);
  await assert.rejects(client.submit({ language: 'python' }), /rate_limited: it is rate_limited \(mend it\)/);
  assert.equal(requests.length, 1);
});

test('other refusals are thrown at once', async () => {
  const { client } = scripted([refusal(401, 'unauthorized', { 'x-request-id': 'r1' }), () => new Response('<html>', { status: 405 })]);
  const wanted = { name: 'ApiError', status: 401, code: 'unauthorized', hint: 'mend it', requestId: 'r1' };
  await assert.rejects(client.languages(), wanted);
  await assert.rejects(client.limits(), { status: 405, code: 'http_405', message: 'http_405: <html>' });
});

test('a server that does not come back is unreachable', async () => {
  const { client, requests } = scripted(Array<Answer>(100).fill(LOST), 300);
  const failed = await client.languages().catch((error: unknown) => error);
  assert.ok(failed instanceof UnreachableError);
  assert.match(failed.message, /ECONNREFUSED/);
  assert.equal(failed.cause, LOST);
  assert.ok(requests.length > 1);
});

test('a job that goes on is named when time is over, and not asked for in a loop', async () => {
  const { client, requests } = scripted([queued, ...Array<Answer>(100).fill(running)]);
  const failed = await client.run({ language: 'python' }, { timeoutMs: 300 }).catch((error: unknown) => error);
  assert.ok(failed instanceof StillRunningError);
  assert.equal(failed.id, ID);
  assert.ok(requests.length < 10);
});

test('a cancellation whose answer was lost has happened', async () => {
  const { client } = scripted([LOST, refusal(409, 'too_late'), done('cancelled'), LOST, refusal(409, 'too_late'), done()]);
  assert.equal((await client.cancel(ID)).report?.verdict, 'cancelled');
  await assert.rejects(client.cancel(ID), { status: 409 });
  await assert.rejects(scripted([refusal(409, 'too_late')]).client.cancel(ID), { status: 409 });
});

test('a batch is sent in parts, and what was refused for now again', async () => {
  const [full, wrong] = [{ error: { code: 'queue_full', message: 'full' } }, { error: { code: 'invalid', message: 'no' } }];
  const ids = Array.from({ length: 100 }, (_, number) => ({ id: `${number}` }));
  const answers = [ids, [full, wrong], [{ id: '100' }, wrong]].map((jobs) => json(202, { jobs }));
  const { client, requests } = scripted(answers);
  const rows = await client.batch(Array(102).fill({ language: 'python' }));
  assert.deepEqual(rows.slice(0, 101), Array.from({ length: 101 }, (_, number) => `${number}`));
  assert.ok(rows[101] instanceof ApiError);
  const keys = requests.map((request) => request.headers.get('idempotency-key'));
  assert.ok(keys[0] !== keys[1] && keys[1] === keys[2]);
});

test('an aborted signal ends a wait with its reason', async () => {
  const { client } = scripted(Array<Answer>(100).fill(running));
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('enough')), 50);
  await assert.rejects(client.wait(ID, { signal: stop.signal }), /^Error: enough$/);
});

test('what no request could carry is refused', () => {
  assert.throws(() => new Client('judge:8080'), /begins with http:\/\//);
  assert.throws(() => new Client('http://judge', { key: 'opt_1\n' }), /`key` is empty or holds a character/);
});

const STREAM =
  'id: 7-1\nevent: output\ndata: {"event":"output","index":0,"stream":"stdout","content":"a\u2028é"}\n\n' +
  ': still here\n\nid: done\nevent: done\ndata: {"event":"done",\ndata: "report":{}}\n\n';

const streamed = (text: string, size: number) => () => {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const pull = (out: ReadableStreamDefaultController<Uint8Array>) => {
    if (at >= bytes.length) return out.close();
    out.enqueue(bytes.subarray(at, (at += size)));
  };
  return new Response(new ReadableStream({ pull }));
};

async function all(events: AsyncIterable<Event>): Promise<Event[]> {
  const seen = [];
  for await (const event of events) seen.push(event);
  return seen;
}

for (const size of [1, 2, 7, 1000]) {
  test(`pieces of ${size} bytes make the same events`, async () => {
    for (const text of [STREAM, STREAM.replaceAll('\n', '\r\n')]) {
      const events = await all(scripted([streamed(text, size)]).client.events(ID));
      assert.deepEqual(events.map(({ event }) => event), ['output', 'done']);
      assert.ok(events[0]?.event === 'output' && events[0].content === 'a\u2028é');
    }
  });
}

test('a broken stream goes on after the last event', async () => {
  const part = (id: string, event: string) => `id: ${id}\ndata: {"event":"${event}"}\n\n`;
  const { client, requests } = scripted([
    streamed(part('7-0', 'queued') + part('7-1', 'started'), 9),
    LOST,
    streamed('id: 7-1\ndata: {"event":', 9),
    streamed(part('7-2', 'compiling') + part('done', 'done'), 9),
  ]);
  const events = await all(client.events(ID));
  assert.deepEqual(events.map(({ event }) => event), ['queued', 'started', 'compiling', 'done']);
  assert.deepEqual(requests.map((request) => request.headers.get('last-event-id')), [null, '7-1', '7-1', '7-1']);
  assert.deepEqual(await all(scripted([() => new Response(null, { status: 204 })]).client.events(ID)), []);
});

test('bytes come back as they went', () => {
  for (const bytes of [[], [0xc3, 0xa9], [0xef, 0xbb, 0xbf, 0x61], [0xff, 0], Array(20_000).fill(0xfe)]) {
    assert.deepEqual([...toBytes(content(Uint8Array.from(bytes)))], bytes);
  }
  assert.equal(toText(content(Uint8Array.of(0x61, 0xff))), 'a\ufffd');
  assert.equal(toText({ text: 'a' }), 'a');
});
