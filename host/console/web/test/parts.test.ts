import assert from 'node:assert/strict';
import test from 'node:test';
import type { Language } from '../src/api/client';
import { messages } from '../src/api/events';
import { apart } from '../src/difference';
import { ago, duration, size, version } from '../src/format';
import { first, sampleSource } from '../src/languages';
import { matches } from '../src/pages/jobs/feed';
import { parse } from '../src/places';

test('events are whole however the stream was cut', () => {
  const stream = 'id: 1-0\nevent: output\ndata: {"a":1}\n\n: still here\n\nid: done\r\ndata: x\r\ndata: y\r\n\r\n';
  const wanted = [{ id: '1-0', data: '{"a":1}' }, { id: 'done', data: 'x\ny' }];
  assert.deepEqual(messages()(stream), wanted);
  const take = messages();
  assert.deepEqual([...stream].flatMap(take), wanted);
});

test('two lines are taken apart at what differs', () => {
  assert.deepEqual(apart('abc', 'axc'), [{ same: 'a', other: 'b', tail: 'c' }, { same: 'a', other: 'x', tail: 'c' }]);
  assert.deepEqual(apart('aa', 'aaa'), [{ same: 'aa', other: '', tail: '' }, { same: 'aa', other: 'a', tail: '' }]);
  const [left, right] = apart('😀', '😁');
  assert.deepEqual([left.other, right.other], ['😀', '😁']);
});

test('figures are for people', () => {
  assert.deepEqual([0.4, 4.25, 42.4, 4242, 65_000].map(duration), ['0.40 ms', '4.3 ms', '42 ms', '4.24 s', '1 min 5 s']);
  assert.deepEqual([900, 2048, 3_670_016].map(size), ['900 B', '2 KiB', '3.5 MiB']);
  assert.equal(version('gcc (Debian 12.2.0-14) 12.2.0\nCopyright'), '12.2.0-14');
  assert.equal(version('v20.20.2'), '20.20.2');
  assert.equal(ago('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:02:05Z')), '2 min ago');
});

test('the address says which page is meant', () => {
  assert.equal(parse('/jobs/0197', '?x=1')?.id, '0197');
  assert.equal(parse('/jobs/', '')?.name, '/jobs');
  assert.equal(parse('/jobs/a/b', ''), undefined);
  assert.equal(parse('/', '?lang=toy')?.query.get('lang'), 'toy');
});

test('a sample comes without what it tells the tests', () => {
  assert.equal(sampleSource('# optimus: verdict=accepted\n# optimus: expect="x"\n\nprint()\n'), 'print()\n');
  assert.equal(sampleSource('print()\n'), 'print()\n');
});

test('jobs are filtered by what went wrong', () => {
  const job = { id: '1', language: 'toy', state: 'done' as const, verdict: 'wrong_answer' as const };
  const filter = { state: '', language: '', verdict: '' };
  assert.ok(matches(job, filter) && matches(job, { ...filter, verdict: 'failed' }));
  assert.ok(!matches({ ...job, verdict: 'accepted' }, { ...filter, verdict: 'failed' }));
  assert.ok(!matches({ id: '1', language: 'toy', state: 'queued' }, { ...filter, verdict: 'failed' }));
  assert.ok(!matches(job, { ...filter, state: 'queued' }));
});

test('the playground begins with a language that is known to work', () => {
  const language = (id: string, state: string) => ({ id, availability: { state } }) as Language;
  const begins = (...all: Language[]) => first(all)?.id;
  assert.equal(begins(language('ada', 'available'), language('python', 'available')), 'python');
  assert.equal(begins(language('ada', 'unknown'), language('bash', 'available'), language('python', 'unknown')), 'bash');
  assert.equal(begins(language('ada', 'unknown'), language('python', 'unknown')), 'python');
  assert.equal(begins(language('ada', 'unavailable'), language('bash', 'unknown')), 'bash');
  assert.equal(begins(language('python', 'unavailable')), undefined);
});
