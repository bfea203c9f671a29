// One job: what became of it, where its time went, what it was judged with.

import { useEffect, useState } from 'preact/hooks';
import { ApiFault, call, type Job } from '../api/client';
import { follow } from '../api/events';
import { maySubmit } from '../api/session';
import { Fault } from '../parts/fault';
import { useTitle } from '../parts/page';
import { Busy, Messages, Tests, Verdict } from '../parts/report';
import { download, Stream } from '../parts/stream';
import { Timeline } from '../parts/timeline';
import { go } from '../places';
import { strings } from '../strings';
import { Compare } from './job/compare';
import { Facts } from './job/facts';
import { submitAgain, submitted } from './playground/run';
import { open } from './playground/state';

const words = strings.job;

export function JobPage({ id }: { id: string }) {
  const [job, setJob] = useState<Job>();
  const [error, setError] = useState<Error>();
  useTitle(`${words.title} ${id.slice(0, 8)}`);
  useEffect(() => {
    const stop = new AbortController();
    void watch(id, setJob, stop.signal).catch((failure: Error) => {
      if (!stop.signal.aborted) setError(failure);
    });
    return () => stop.abort();
  }, [id]);
  const isUnknown = error instanceof ApiFault && error.status === 404;
  return (
    <div class="page job">
      <header>
        <div class="title">
          <h1>{words.title}</h1>
          <span class="mono muted">{id}</span>
        </div>
        {job && <Actions job={job} failed={setError} />}
      </header>
      {isUnknown && <p class="wide">{words.unknown}</p>}
      {error && !isUnknown && <div class="wide"><Fault error={error} /></div>}
      {job && <Body job={job} />}
      {!job && !error && <p class="wide empty">{strings.loading}</p>}
    </div>
  );
}

/** Shows the job now, and again each time its state changes. */
async function watch(id: string, show: (job: Job) => void, signal: AbortSignal) {
  const path = `/v1/jobs/${encodeURIComponent(id)}`;
  const job = await call<Job>('GET', path);
  if (signal.aborted) return;
  show(job);
  if (job.state === 'done') return;
  await follow(id, (event) => event.event !== 'done' && show({ ...job, state: event.event === 'queued' ? 'queued' : 'running' }), signal);
  if (!signal.aborted) show(await call<Job>('GET', path));
}

function Actions({ job, failed }: { job: Job; failed: (error: Error) => void }) {
  const program = submitted.get(job.id);
  const again = () => {
    if (!program) return;
    open(program);
    go('/');
  };
  const submit = async () => {
    if (program) go(`/jobs/${await submitAgain(program)}?before=${job.id}`);
  };
  return (
    <div class="actions">
      {maySubmit.value && program && <button onClick={again}>{words.again}</button>}
      {maySubmit.value && program && <button onClick={() => void submit().catch(failed)}>{words.resubmit}</button>}
      <button onClick={() => download(new TextEncoder().encode(JSON.stringify(job, null, 2)), `${job.id}.json`)}>{words.raw}</button>
      {maySubmit.value && job.state !== 'done' && (
        <button class="danger" onClick={() => void call('DELETE', `/v1/jobs/${job.id}`).catch(failed)}>
          {words.cancel}
        </button>
      )}
    </div>
  );
}

function Body({ job }: { job: Job }) {
  const { report } = job;
  if (!report) {
    return (
      <div class="wide verdict" role="status">
        <Busy state={job.state} />
      </div>
    );
  }
  const { compile } = report;
  const messages = compile?.diagnostics ?? [];
  return (
    <>
      <div class="left">
        <Verdict report={report} />
        {report.error && (
          <div class="fault">
            <p>{`${words.error}: ${report.error.message}`}</p>
            {report.error.hint && <p>{report.error.hint}</p>}
          </div>
        )}
        {compile && (!compile.ok || messages.length > 0) && (
          <section class="card pad" aria-label={strings.report.problems}>
            {compile.message && <p>{compile.message}</p>}
            {messages.length > 0 && <Messages all={messages} />}
            {!compile.ok && compile.output.content !== '' && <Stream title={strings.report.problems} excerpt={compile.output} name="compiler" />}
          </section>
        )}
        {report.tests.length > 0 && <Tests tests={report.tests} />}
        <Timeline report={report} />
        <Compare id={job.id} report={report} />
      </div>
      <Facts report={report} />
    </>
  );
}
