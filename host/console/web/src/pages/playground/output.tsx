// What comes of it: output while it runs, then the report.

import { useEffect, useRef } from 'preact/hooks';
import type { Diagnostic } from '../../api/client';
import { mayRead } from '../../api/session';
import { Fault } from '../../parts/fault';
import { Busy, Messages, TestBody, Tests, Verdict } from '../../parts/report';
import { Stream } from '../../parts/stream';
import { strings } from '../../strings';
import { showPlace } from './code';
import { diagnostics, error, isRunning, job, live, phase, report } from './run';

const words = strings.report;
const goTo = (message: Diagnostic) => showPlace(message.path, message.line, message.column);

export function Output() {
  const section = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow window it lies below what was written.
    if (isRunning.value && matchMedia('(max-width: 860px)').matches) section.current?.scrollIntoView();
  }, [isRunning.value]);
  return (
    <section ref={section} class="output" aria-label={strings.playground.result} aria-busy={isRunning.value}>
      {phase.value === 'idle' && <p class="idle">{strings.playground.idle}</p>}
      {error.value && <Fault error={error.value} />}
      {isRunning.value && <Running />}
      {report.value && <Ended />}
      {job.value && mayRead.value && (
        <p class="source">
          <a href={`/jobs/${job.value}`}>
            {strings.playground.job} <span class="mono">{job.value}</span>
          </a>
        </p>
      )}
    </section>
  );
}

function Running() {
  const { stdout, stderr } = live.value;
  const state = phase.value === 'idle' || phase.value === 'done' ? 'running' : phase.value;
  return (
    <>
      <div class="verdict" role="status">
        <Busy state={state} />
      </div>
      {diagnostics.value.length > 0 && <Messages all={diagnostics.value} choose={goTo} />}
      {stdout && <Stream title={words.stdout} excerpt={{ content: stdout }} name="stdout" />}
      {stderr && <Stream title={words.stderr} excerpt={{ content: stderr }} name="stderr" isError />}
    </>
  );
}

function Ended() {
  const ended = report.value;
  if (!ended) return null;
  const { compile, tests } = ended;
  const messages = compile?.diagnostics ?? [];
  const [only] = tests;
  const hasCompilerText = compile && !compile.ok && compile.output.content !== '';
  return (
    <>
      <Verdict report={ended} />
      {ended.error && <p class="fault">{ended.error.message}</p>}
      {compile?.message && <p>{compile.message}</p>}
      {messages.length > 0 && (
        <section aria-label={words.problems} class="card pad">
          <Messages all={messages} choose={goTo} />
        </section>
      )}
      {hasCompilerText && <Stream title={words.problems} excerpt={compile.output} name="compiler" />}
      {tests.length === 1 && only && only.verdict !== 'skipped' && <TestBody test={only} />}
      {tests.length > 1 && <Tests tests={tests} />}
    </>
  );
}
