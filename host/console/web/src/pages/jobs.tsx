// All jobs, newest first; filters stand in the address.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobSummary } from '../api/client';
import { ago } from '../format';
import { askLanguages, languages } from '../languages';
import { Choice } from '../parts/choice';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { Badge, Busy } from '../parts/report';
import { VirtualRows } from '../parts/virtual';
import { go } from '../places';
import { strings } from '../strings';
import { JobFeed, type Filter } from './jobs/feed';

const words = strings.jobs;
const STATES = ['queued', 'running', 'done'] as const;

export function JobsPage({ query }: { query: URLSearchParams }) {
  const filter: Filter = {
    state: query.get('state') ?? '',
    language: query.get('language') ?? '',
    verdict: query.get('verdict') ?? '',
  };
  const key = JSON.stringify(filter);
  const [, repaint] = useState(0);
  const feed = useRef<JobFeed>(undefined);
  useEffect(() => void askLanguages(), []);
  useEffect(() => {
    const mine = new JobFeed(filter, () => repaint((count) => count + 1), feed.current);
    feed.current = mine;
    return () => mine.close();
  }, [key]);
  const set = (part: Partial<Filter>) => {
    const next = new URLSearchParams(Object.entries({ ...filter, ...part }).filter(([, value]) => value !== ''));
    go(`/jobs${next.size > 0 ? `?${next}` : ''}`, 'replace');
  };
  const { jobs = [], isComplete = false, error } = feed.current ?? {};
  const isFiltered = Object.values(filter).some((value) => value !== '');
  return (
    <Page title={words.title} about={words.live}>
      <Filters filter={filter} set={set} count={jobs.length} isComplete={isComplete} />
      {error && <Fault error={error} />}
      <div class="card">
        {jobs.length === 0 && isComplete ? (
          <p class="empty">{isFiltered ? words.empty : words.first}</p>
        ) : (
          <VirtualRows
            label={words.title}
            head={<Head />}
            rows={jobs}
            height={44}
            row={(job) => <Row key={job.id} job={job} />}
            atEnd={() => void feed.current?.older()}
          />
        )}
      </div>
    </Page>
  );
}

type FiltersProps = { filter: Filter; set: (part: Partial<Filter>) => void; count: number; isComplete: boolean };

function Filters({ filter, set, count, isComplete }: FiltersProps) {
  const names = (languages.value ?? []).map(({ id, name }) => [id, name] as [string, string]);
  const states = STATES.map((state) => [state, strings.states[state]] as [string, string]);
  const verdicts: [string, string][] = [['failed', words.failed], ...Object.entries(strings.verdicts)];
  return (
    <div class="filters">
      <Choice name={words.state} value={filter.state} all={states} set={(state) => set({ state })} any={words.any} />
      <Choice name={words.language} value={filter.language} all={names} set={(language) => set({ language })} any={words.any} />
      <Choice name={words.verdict} value={filter.verdict} all={verdicts} set={(verdict) => set({ verdict })} any={words.any} />
      <span class="count" aria-live="polite">
        {words.shown(count)}
        {isComplete && count > 0 && `, ${words.all}`}
      </span>
    </div>
  );
}

function Head() {
  return (
    <div class="row head" aria-hidden="true">
      <span>{words.verdict}</span>
      <span>{words.language}</span>
      <span class="id">{words.id}</span>
      <span class="when">{words.created}</span>
    </div>
  );
}

function Row({ job }: { job: JobSummary }) {
  return (
    <a class="row" href={`/jobs/${job.id}`}>
      <span>{job.verdict ? <Badge verdict={job.verdict} /> : <Busy state={job.state} />}</span>
      <span>{job.language}</span>
      <span class="id mono">{job.id}</span>
      <span class="when" title={job.created_at}>
        {ago(job.created_at)}
      </span>
    </a>
  );
}
