// This job and an earlier one: which tests have another verdict, and what was not the same.

import { useEffect, useState } from 'preact/hooks';
import { call, type Job, type JobList, type Report, type TestReport } from '../../api/client';
import { duration, size } from '../../format';
import { Fault } from '../../parts/fault';
import { Badge } from '../../parts/report';
import { go, place } from '../../places';
import { strings } from '../../strings';
import { visible } from '../../text';
import { compared, type Row } from './compared';

const words = strings.compare;
const path = (job: string, other: string) => `/jobs/${job}?before=${encodeURIComponent(other)}`;

export function Compare({ id, report }: { id: string; report: Report }) {
  const other = place.value?.query.get('before') ?? '';
  const [before, setBefore] = useState<Job>();
  const [said, setSaid] = useState('');
  const [error, setError] = useState<Error>();
  useEffect(() => {
    setBefore(undefined);
    setError(undefined);
    if (other !== '') call<Job>('GET', `/v1/jobs/${encodeURIComponent(other)}`).then(setBefore, setError);
  }, [other]);
  const previous = async () => {
    const list = await call<JobList>('GET', `/v1/jobs?limit=1&state=done&language=${encodeURIComponent(report.language)}&next=${id}`);
    const [found] = list.jobs;
    setSaid(found ? '' : words.none);
    if (found) go(path(id, found.id), 'replace');
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const wanted = new FormData(event.currentTarget as HTMLFormElement).get('before');
    if (typeof wanted === 'string' && wanted.trim() !== '') go(path(id, wanted.trim()), 'replace');
  };
  return (
    <section class="card pad compare" aria-label={words.title}>
      <h2>{words.title}</h2>
      <form onSubmit={submit}>
        <input name="before" aria-label={words.other} placeholder={words.other} defaultValue={other} key={other} spellcheck={false} />
        <button>{words.compare}</button>
        <button type="button" onClick={() => void previous().catch(setError)}>
          {words.previous}
        </button>
        <span role="status">{said}</span>
      </form>
      {error && <Fault error={error} />}
      {before && !before.report && <p>{words.waits}</p>}
      {before?.report && <Result before={before.report} now={report} />}
    </section>
  );
}

function Result({ before, now }: { before: Report; now: Report }) {
  const { rows, changed, facts } = compared(before, now);
  return (
    <>
      <p>
        <a class="mono" href={`/jobs/${before.id}`}>
          {before.id}
        </a>{' '}
        <Badge verdict={before.verdict} /> → <Badge verdict={now.verdict} />
      </p>
      {facts.map(({ what, before: was, now: is }) => (
        <p key={what} class="fact">{`${words.facts[what]}: ${visible(was)} → ${visible(is)}`}</p>
      ))}
      <p role="status">{changed.length === 0 ? words.same(rows.length) : words.changed(changed.length, rows.length)}</p>
      {changed.length > 0 && <Rows name={words.changed(changed.length, rows.length)} rows={changed} />}
      {rows.length > changed.length && (
        <details>
          <summary>{words.all}</summary>
          <Rows name={words.all} rows={rows} />
        </details>
      )}
    </>
  );
}

/** More would lay out for seconds, and say nothing. */
const MOST = 1000;

function Rows({ name, rows }: { name: string; rows: Row[] }) {
  const pair = (row: Row, figure: (test: TestReport) => string) => [row.before, row.now].map((test) => (test ? figure(test) : '–')).join(' → ');
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={name}>
      <table>
        <thead>
          <tr>
            <th scope="col">{strings.report.test}</th>
            <th scope="col">{words.before}</th>
            <th scope="col">{words.now}</th>
            <th scope="col">{strings.report.cpu}</th>
            <th scope="col">{strings.report.memory}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST).map((row, at) => (
            <tr key={at}>
              <td>{visible(row.name)}</td>
              <td>{row.before ? <Badge verdict={row.before.verdict} /> : '–'}</td>
              <td>{row.now ? <Badge verdict={row.now.verdict} /> : '–'}</td>
              <td>{pair(row, (test) => duration(test.cpu_ms))}</td>
              <td>{pair(row, (test) => size(test.memory_bytes))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
