// Where a job's time went: queue, plan, build, and each test, on one scale.

import type { Report } from '../api/client';
import { duration } from '../format';
import { strings } from '../strings';
import { visible } from '../text';
import { tone } from '../verdicts';

type Part = { name: string; ms: number; kind: string };

/** Of many tests, the longest are shown. */
const MOST = 20;

export function parts(report: Report): Part[] {
  const { timing } = report;
  const words = strings.job;
  const tests = report.tests
    .filter((test) => test.verdict !== 'skipped')
    .map((test) => ({ name: visible(test.name), ms: test.wall_ms, kind: tone(test.verdict) }));
  const longest = tests.length <= MOST ? tests : tests.toSorted((a, b) => b.ms - a.ms).slice(0, MOST);
  return [
    { name: words.queued, ms: timing.queued_ms, kind: 'wait' },
    { name: words.plan, ms: timing.plan_ms, kind: '' },
    { name: words.build, ms: timing.compile_ms, kind: '' },
    ...longest,
  ];
}

export function Timeline({ report }: { report: Report }) {
  const all = parts(report);
  const sum = Math.max(0.001, all.reduce((total, part) => total + part.ms, 0));
  let at = 0;
  return (
    <section class="card" aria-label={strings.job.timeline}>
      <h2>{strings.job.timeline}</h2>
      <div class="timeline">
        <ol>
          {all.map((part, index) => {
            const left = (at / sum) * 100;
            at += part.ms;
            return (
              <li key={index}>
                <span title={part.name}>{part.name}</span>
                <span class="track">
                  <i class={part.kind} style={{ left: `${left}%`, width: `${(part.ms / sum) * 100}%` }} />
                </span>
                <span>{duration(part.ms)}</span>
              </li>
            );
          })}
          <li>
            <span>{strings.job.total}</span>
            <span />
            <span>{duration(report.timing.total_ms)}</span>
          </li>
        </ol>
      </div>
    </section>
  );
}
