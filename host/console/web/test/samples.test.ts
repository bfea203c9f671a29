import assert from 'node:assert/strict';
import test from 'node:test';
import { ended, merged, rate, type Sample } from '../src/pages/live/samples';

const sample = (at: number, verdicts: Sample['verdicts'] = {}): Sample => ({ at_ms: at, queued: 0, running: 0, oldest_ms: 0, verdicts });

test('samples are put together in order, each once, an hour at most', () => {
  const all = merged([sample(1), sample(2)], [sample(2), sample(3)]);
  assert.deepEqual(all.map((one) => one.at_ms), [1, 2, 3]);
  const many = Array.from({ length: 1000 }, (_, at) => sample(at + 1));
  assert.deepEqual([merged([], many).length, merged([], many)[0]?.at_ms], [720, 281]);
});

test('what ended is counted by what came of it', () => {
  const one = sample(1, { accepted: 4, wrong_answer: 2, cancelled: 1, internal_error: 1 });
  assert.deepEqual(ended(one), { good: 4, other: 3, ours: 1 });
  assert.equal(rate([one, sample(2)], 5000), 0.8);
  assert.equal(rate([], 5000), 0);
});
