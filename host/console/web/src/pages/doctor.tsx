// What the machine of this server can enforce, and what to do about the rest: the words of `optimus doctor`.

import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client';
import type { components } from '../api/schema';
import { ago } from '../format';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { strings } from '../strings';
import { visible } from '../text';

type Examination = components['schemas']['Examination'];
type Finding = components['schemas']['Finding'];

const words = strings.doctor;
const LANGUAGE = 'language ';

export function DoctorPage() {
  const [examination, setExamination] = useState<Examination>();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const examine = () => {
    setBusy(true);
    setError(undefined);
    return call<Examination>('GET', '/v1/doctor').then(setExamination, setError).finally(() => setBusy(false));
  };
  useEffect(() => void examine(), []);
  const all = examination?.findings ?? [];
  const machine = all.filter((one) => !one.what.startsWith(LANGUAGE));
  const languages = all.filter((one) => one.what.startsWith(LANGUAGE));
  const ready = languages.filter((one) => one.ok);
  return (
    <Page title={words.title} about={words.about}>
      <p class="again">
        <button disabled={isBusy} onClick={() => void examine()}>
          {isBusy ? words.busy : words.again}
        </button>
        {examination && <span role="status">{`${words.problems(machine.filter((one) => !one.ok).length)} · ${ago(examination.at)}`}</span>}
      </p>
      {error && <Fault error={error} />}
      {examination && (
        <>
          <Findings title={words.machine} all={machine} />
          {languages.length > 0 && <Findings title={words.languages(ready.length, languages.length - ready.length)} all={languages} />}
        </>
      )}
      {!examination && !error && <p class="empty">{words.busy}</p>}
    </Page>
  );
}

function Findings({ title, all }: { title: string; all: Finding[] }) {
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      <div class="stack">
        {all.map((one, at) => (
          <article key={at} class="line">
            <div>
              <h3>{visible(one.what.startsWith(LANGUAGE) ? one.what.slice(LANGUAGE.length) : one.what)}</h3>
              <p>{visible(one.found)}</p>
              {one.hint && <p class="muted">{visible(one.hint)}</p>}
            </div>
            <Mark finding={one} />
          </article>
        ))}
      </div>
    </section>
  );
}

/** As at a terminal: what is fine and has advice is a note. */
function Mark({ finding }: { finding: Finding }) {
  if (!finding.ok) return <span class={`badge ${finding.what.startsWith(LANGUAGE) ? 'limit' : 'bad'}`}>{finding.what.startsWith(LANGUAGE) ? words.missing : words.problem}</span>;
  return finding.hint ? <span class="badge busy still">{words.note}</span> : <span class="badge good">{words.ok}</span>;
}
