// Jobs that were given up: why, and what to do with them.

import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client';
import type { components } from '../api/schema';
import { ago } from '../format';
import { Fault } from '../parts/fault';
import { Older } from '../parts/listing';
import { Page } from '../parts/page';
import { strings } from '../strings';
import { visible } from '../text';

type DeadJob = components['schemas']['DeadJob'];
type DeadList = components['schemas']['DeadList'];

const words = strings.dead;

export function DeadPage() {
  const [jobs, setJobs] = useState<DeadJob[]>();
  const [next, setNext] = useState('');
  const [error, setError] = useState<Error>();
  const load = async (from: string) => {
    try {
      const list = await call<DeadList>('GET', `/v1/dead?limit=100${from && `&next=${from}`}`);
      setJobs((before) => [...(from ? (before ?? []) : []), ...list.jobs]);
      setNext(list.next ?? '');
      setError(undefined);
    } catch (failure) {
      setError(failure as Error);
    }
  };
  useEffect(() => void load(''), []);
  const end = async (method: 'POST' | 'DELETE', job: DeadJob) => {
    try {
      await call(method, `/v1/dead/${job.id}${method === 'POST' ? '/requeue' : ''}`);
      setJobs((before) => before?.filter((one) => one.id !== job.id));
    } catch (failure) {
      setError(failure as Error);
    }
  };
  return (
    <Page title={words.title} about={words.about}>
      {error && <Fault error={error} />}
      <div class="card stack">
        {jobs?.length === 0 && <p class="empty">{words.none}</p>}
        {jobs?.map((job) => (
          <article key={job.id} class="line">
            <div>
              <a class="mono" href={`/jobs/${job.id}`}>
                {job.id}
              </a>
              <p>{visible(job.reason)}</p>
              <p class="muted">{words.facts(job.language, job.tenant, job.attempts, ago(new Date(job.at_ms).toISOString()))}</p>
            </div>
            <div class="actions">
              <button onClick={() => void end('POST', job)}>
                {words.requeue}
                <span class="hidden"> {job.id}</span>
              </button>
              <button class="danger" onClick={() => void end('DELETE', job)}>
                {words.drop}
                <span class="hidden"> {job.id}</span>
              </button>
            </div>
          </article>
        ))}
      </div>
      {next && <Older load={() => void load(next)} />}
    </Page>
  );
}
