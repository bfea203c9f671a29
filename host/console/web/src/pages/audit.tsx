// The audit log: who changed what, the newest entry first.

import { useState } from 'preact/hooks';
import type { components } from '../api/schema';
import { ago } from '../format';
import { usePages } from '../parts/answer';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';

type Entry = components['schemas']['AuditEntry'];
type List = components['schemas']['AuditList'];
const words = strings.audit;
const TONES = { begun: 'limit', done: 'good', refused: 'bad', failed: 'ours' } as const;
const FILTERS = ['key', 'action'] as const;

export function AuditPage({ query }: { query: URLSearchParams }) {
  const filter = new URLSearchParams(FILTERS.map((name) => [name, query.get(name) ?? '']).filter(([, value]) => value !== '') as [string, string][]);
  const list = usePages<Entry>(`/v1/audit?limit=100${filter.size > 0 ? `&${filter}` : ''}`, (page) => (page as List).entries);
  return (
    <Page title={words.title} about={words.about}>
      <Filters filter={filter} again={() => void list.again()} />
      {list.error && <Fault error={list.error} />}
      <div class="card stack">
        {list.items?.length === 0 && <p class="empty">{list.older ? words.further : words.none}</p>}
        {list.items?.map((entry) => <Row key={entry.id} of={entry} />)}
        {!list.items && !list.error && <p class="empty">{strings.loading}</p>}
      </div>
      {list.older && (
        <p>
          <button onClick={list.older}>{strings.older}</button>
        </p>
      )}
    </Page>
  );
}

function Filters({ filter, again }: { filter: URLSearchParams; again: () => void }) {
  const [values, setValues] = useState(() => Object.fromEntries(FILTERS.map((name) => [name, filter.get(name) ?? ''])));
  return (
    <form
      class="filters"
      aria-label={words.filter}
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''));
        go(`/audit${wanted.size > 0 ? `?${wanted}` : ''}`, 'replace');
        again();
      }}
    >
      {FILTERS.map((name) => (
        <label key={name}>
          <span>{words.filters[name]}</span>
          <input value={values[name]} onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })} />
        </label>
      ))}
      <button>{words.find}</button>
    </form>
  );
}

function Row({ of }: { of: Entry }) {
  const who = [of.tenant, of.key ?? of.user, of.from].filter((part): part is string => Boolean(part));
  return (
    <article class="line">
      <div>
        <h2 class="mono">{visible(of.action)}</h2>
        <p class="mono muted">{visible(of.created ?? of.target ?? '')}</p>
        <p class="muted" title={of.at}>
          {visible([...who, ago(of.at)].join(' · '))}
        </p>
      </div>
      <span class={`badge ${TONES[of.outcome]}`}>
        {words.outcomes[of.outcome]}
        {of.status !== undefined && ` ${of.status}`}
      </span>
    </article>
  );
}
