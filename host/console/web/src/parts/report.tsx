// Parts of a report: the verdict, its figures, what compilers said, each test.

import type { Diagnostic, Report, TestReport, Verdict as VerdictName } from '../api/client';
import { duration, size } from '../format';
import { strings } from '../strings';
import { visible } from '../text';
import { tone } from '../verdicts';
import { DifferenceView } from './difference';
import { Files } from './files';
import { Stream } from './stream';
import { Conversation } from './transcript';

export function Badge({ verdict }: { verdict: VerdictName }) {
  return <span class={`badge ${tone(verdict)}`}>{strings.verdicts[verdict] ?? verdict}</span>;
}

export function Busy({ state }: { state: keyof typeof strings.states }) {
  return <span class={`badge ${state === 'done' ? '' : 'busy'}`}>{strings.states[state]}</span>;
}

/** The verdict of a job, with what its tests used at most. */
export function Verdict({ report }: { report: Report }) {
  const { tests, score } = report;
  const most = (figure: (test: TestReport) => number) => tests.reduce((high, test) => Math.max(high, figure(test)), 0);
  const passed = tests.filter((test) => test.verdict === 'accepted').length;
  return (
    <div class="verdict" role="status">
      <Badge verdict={report.verdict} />
      <dl class="figures">
        {tests.length > 0 && <Figure name={strings.report.cpu} value={duration(most((test) => test.cpu_ms))} />}
        {tests.length > 0 && <Figure name={strings.report.memory} value={size(most((test) => test.memory_bytes))} />}
      </dl>
      {tests.length > 1 && <span>{strings.report.tests(passed, tests.length)}</span>}
      {score && <span>{strings.report.points(score.points, score.max)}</span>}
    </div>
  );
}

export function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** What compilers said, each line a way to its place. */
export function Messages({ all, choose }: { all: Diagnostic[]; choose?: (message: Diagnostic) => void }) {
  return (
    <ul class="messages">
      {all.map((message, at) => (
        <li key={at} class={message.severity}>
          <button disabled={!choose} onClick={() => choose?.(message)}>
            <span class="place">
              {visible(message.path)}:{message.line}
              {message.column > 0 && `:${message.column}`}
            </span>
            <span class="text">{visible(message.message)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function ending(test: TestReport): string | undefined {
  const { exit } = test;
  if (!exit) return undefined;
  if ('code' in exit) return strings.report.code(exit.code);
  if ('signal' in exit) return strings.report.signal(exit.signal);
  return strings.report.notStarted(exit.not_started);
}

/** Everything that a report says of one test. */
export function TestBody({ test }: { test: TestReport }) {
  const exit = ending(test);
  const blank = (content: TestReport['stderr']['content']) => content === '';
  return (
    <>
      <dl class="figures">
        <Figure name={strings.report.cpu} value={duration(test.cpu_ms)} />
        <Figure name={strings.report.wall} value={duration(test.wall_ms)} />
        <Figure name={strings.report.memory} value={size(test.memory_bytes)} />
        {exit && <Figure name={strings.report.exit} value={exit} />}
      </dl>
      {test.message && <p class="reason">{visible(test.message)}</p>}
      {test.error && <p class="fault">{visible(test.error.message)}</p>}
      {test.difference && <DifferenceView difference={test.difference} />}
      {test.transcript && <Conversation transcript={test.transcript} />}
      {!(test.transcript && blank(test.stdout.content)) && <Stream title={strings.report.stdout} excerpt={test.stdout} name="stdout" />}
      {!blank(test.stderr.content) && <Stream title={strings.report.stderr} excerpt={test.stderr} name="stderr" isError />}
      {(test.files || test.files_message) && <Files files={test.files ?? []} message={test.files_message} />}
    </>
  );
}

/** A row for each test; the first that failed is open. */
export function Tests({ tests }: { tests: TestReport[] }) {
  const first = tests.findIndex((test) => test.verdict !== 'accepted' && test.verdict !== 'skipped');
  return (
    <div class="results">
      {tests.map((test, at) => (
        <details key={at} open={at === first || tests.length === 1}>
          <summary>
            <span class="name">{visible(test.name)}</span>
            <span>
              <Badge verdict={test.verdict} />
            </span>
            <span class="figure">{duration(test.cpu_ms)}</span>
            <span class="figure">{size(test.memory_bytes)}</span>
          </summary>
          <div class="body">
            <TestBody test={test} />
          </div>
        </details>
      ))}
    </div>
  );
}
