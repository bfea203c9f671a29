// Two reports beside each other: what became of each test, and what else they were judged with.

import type { Report, TestReport, Verdict } from '../../api/client';

export type Row = { name: string; before?: TestReport; now?: TestReport };
export type Comparison = {
  rows: Row[];
  /** Tests with another verdict, or that only one of the reports has. */
  changed: Row[];
  /** What else is different: its name in `strings.compare.facts`, before and now. */
  facts: { what: Fact; before: string; now: string }[];
};
export type Fact = 'language' | 'plugin' | 'image' | 'sandbox' | 'limits';

/** Tests are told by their names; of several with one name, the first belongs to the first. */
export function compared(before: Report, now: Report): Comparison {
  const rest = new Map<string, TestReport[]>();
  for (const test of before.tests) rest.set(test.name, [...(rest.get(test.name) ?? []), test]);
  const rows: Row[] = now.tests.map((test) => ({ name: test.name, before: rest.get(test.name)?.shift(), now: test }));
  for (const [name, tests] of rest) rows.push(...tests.map((test) => ({ name, before: test })));
  return { rows, changed: rows.filter((row) => verdict(row.before) !== verdict(row.now)), facts: facts(before, now) };
}

const verdict = (test: TestReport | undefined): Verdict | undefined => test?.verdict;

function facts(before: Report, now: Report): Comparison['facts'] {
  const of = ({ language, plugin, image, sandbox, limits }: Report): Record<Fact, string> => ({
    language,
    plugin: plugin ? `${plugin.id} ${plugin.version} ${plugin.digest.slice(0, 12)}` : '–',
    image: image ?? '–',
    sandbox,
    limits: limits ? JSON.stringify(limits) : '–',
  });
  const [was, is] = [of(before), of(now)];
  return (Object.keys(is) as Fact[]).filter((what) => was[what] !== is[what]).map((what) => ({ what, before: was[what], now: is[what] }));
}
