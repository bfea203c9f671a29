// The package's own submissions, judged while somebody looks: what each should be, and what it is.

import { useEffect, useRef, useState } from 'preact/hooks';
import { mayRead, maySubmit } from '../../api/session';
import { useAnswer } from '../../parts/answer';
import { Fault } from '../../parts/fault';
import { strings } from '../../strings';
import { visible } from '../../text';
import { tone } from '../../verdicts';
import { verify, type Row, type Submission } from './run';

const words = strings.problem;

export function Verify({ problem }: { problem: string }) {
  const { value, error } = useAnswer<{ submissions: Submission[] }>(`/v1/problems/${problem}/submissions`);
  const submissions = value?.submissions;
  const [rows, setRows] = useState<Record<number, Row>>({});
  const [isBusy, setBusy] = useState(false);
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), [problem]);
  const begin = async () => {
    stop.current = new AbortController();
    setRows(Object.fromEntries((submissions ?? []).map(({ number }) => [number, { state: 'waiting' as const }])));
    setBusy(true);
    const show = (number: number, row: Row) => setRows((before) => ({ ...before, [number]: row }));
    await verify(problem, submissions ?? [], show, stop.current.signal).finally(() => setBusy(false));
  };
  const all = Object.values(rows);
  const ended = all.filter((row) => ['done', 'failed', 'stopped'].includes(row.state));
  const right = all.filter((row) => row.state === 'done' && row.mismatch === undefined);
  return (
    <section class="card sheet" aria-label={words.verify}>
      <h2>{words.verify}</h2>
      <p class="muted">{words.verifyAbout}</p>
      {error && <Fault error={error} />}
      {submissions?.length === 0 && <p>{words.noSubmissions}</p>}
      {submissions && submissions.length > 0 && maySubmit.value && mayRead.value && (
        <div class="actions">
          <button class="primary" disabled={isBusy} onClick={() => void begin()}>
            {words.begin}
          </button>
          {isBusy && <button onClick={() => stop.current.abort()}>{words.stop}</button>}
          <span role="status">{all.length > 0 && words.progress(ended.length, all.length, right.length)}</span>
        </div>
      )}
      {submissions && submissions.length > 0 && (
        <table>
          <caption class="hidden">{words.verify}</caption>
          <thead>
            <tr>
              <th scope="col">{words.submission}</th>
              <th scope="col">{words.expected}</th>
              <th scope="col">{words.found}</th>
            </tr>
          </thead>
          <tbody>
            {submissions.map((submission) => (
              <tr key={submission.number}>
                <th scope="row">{visible(submission.name)}</th>
                <td>{expected(submission.expected)}</td>
                <td>
                  <Found row={rows[submission.number]} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** The server writes verdicts as they are called in reports. */
const expected = (text: string) =>
  visible(text).replaceAll(/[a-z_]+/g, (word) => (strings.verdicts as Record<string, string>)[word]?.toLowerCase() ?? word);

function Found({ row }: { row: Row | undefined }) {
  if (!row) return <span class="muted">{words.notYet}</span>;
  const name = row.verdict ? strings.verdicts[row.verdict] : words.states[row.state];
  const look = row.verdict ? tone(row.verdict) : row.state === 'running' || row.state === 'queued' ? 'busy' : '';
  const link = row.job && <a href={`/jobs/${row.job}`}>{words.job}</a>;
  return (
    <>
      <span class={`badge ${look}`}>{name}</span> {row.tests && row.state === 'running' && <span class="muted">{words.tests(...row.tests)}</span>} {link}
      {row.state === 'done' && row.mismatch === undefined && <p class="muted">{words.asExpected}</p>}
      {row.mismatch !== undefined && <p class="differs">{visible(row.mismatch)}</p>}
      {row.error && <p class="differs">{visible(row.error.message)}</p>}
    </>
  );
}
