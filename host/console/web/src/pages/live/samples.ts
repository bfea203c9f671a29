// Samples of the last hour, put together as they come.

import type { components } from '../../api/schema';
import { tone } from '../../verdicts';
import type { Verdict } from '../../api/client';

export type Sample = components['schemas']['HistorySample'];

/** An hour of them, one each five seconds. */
const MOST = 720;

/** The server answers what is newer than what is known; after a restart it begins again. */
export function merged(known: Sample[], fresh: Sample[]): Sample[] {
  const newest = known.at(-1)?.at_ms ?? 0;
  return [...known, ...fresh.filter((sample) => sample.at_ms > newest)].slice(-MOST);
}

/** How many ended in a sample, by what came of them. */
export function ended(sample: Sample): { good: number; other: number; ours: number } {
  const sums = { good: 0, other: 0, ours: 0 };
  for (const [verdict, count] of Object.entries(sample.verdicts)) {
    const kind = tone(verdict as Verdict);
    sums[kind === 'good' || kind === 'ours' ? kind : 'other'] += count;
  }
  return sums;
}

/** Jobs that ended a second. */
export function rate(samples: Sample[], step: number): number {
  const all = samples.reduce((sum, sample) => sum + Object.values(sample.verdicts).reduce((one, count) => one + count, 0), 0);
  return samples.length === 0 ? 0 : (all * 1000) / (samples.length * step);
}
