import assert from 'node:assert/strict';
import test from 'node:test';
import type { Report, TestReport, Verdict } from '../src/api/client';
import { compared } from '../src/pages/job/compared';

const row = (name: string, verdict: Verdict) => ({ name, verdict, cpu_ms: 1, memory_bytes: 1 }) as TestReport;
const report = (tests: TestReport[], digest = 'a'.repeat(64)) =>
  ({ language: 'toy', sandbox: 'native', plugin: { id: 'toy', version: '1', digest }, tests }) as Report;

test('tests are told by their names, and what changed is named', () => {
  const before = report([row('a', 'accepted'), row('b', 'wrong_answer'), row('gone', 'accepted')]);
  const now = report([row('b', 'accepted'), row('a', 'accepted'), row('new', 'skipped')], 'b'.repeat(64));
  const { rows, changed, facts } = compared(before, now);
  assert.deepEqual(rows.map(({ name }) => name), ['b', 'a', 'new', 'gone']);
  assert.deepEqual(changed.map(({ name }) => name), ['b', 'new', 'gone']);
  assert.deepEqual(facts, [{ what: 'plugin', before: `toy 1 ${'a'.repeat(12)}`, now: `toy 1 ${'b'.repeat(12)}` }]);
});

test('of tests with one name the first belongs to the first', () => {
  const before = report([row('1', 'accepted'), row('1', 'wrong_answer')]);
  assert.equal(compared(before, report([row('1', 'accepted'), row('1', 'wrong_answer')])).changed.length, 0);
  assert.deepEqual(compared(before, before).facts, []);
});
