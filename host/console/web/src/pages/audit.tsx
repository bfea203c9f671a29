// The audit log: who changed what, the newest entry first.

import { useState } from 'preact/hooks';
import type { components } from '../api/schema';
import { ago } from '../format';
import { usePages } from '../parts/answer';
import { Form } from '../parts/form';
import { Listing } from '../parts/listing';
import { Page } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';

type Entry = components['schemas']['AuditEntry'];
const words = strings.audit;
const TONES = { begun: 'limit', done: 'good', refused: 'bad', failed: 'ours' } as const;
const FILTERS = ['key', 'action'] as const;

export function AuditPage({ query }: { query: URLSearchParams }) {
  const filter = new URLSearchParams(FILTERS.map((name) => [name, query.get(name) ?? '']).filter(([, value]) => value !== '') as [string, string][]);
  const list = usePages<Entry>(`/v1/audit?limit=100${filter.size > 0 ? `&${filter}` : ''}`, 'entries');
  return (
    <Page title={words.title} about={words.about}>
      <Filters filter={filter} again={() => void list.again()} />
      <Listing of={list} none={list.older ? words.further : words.none} row={(entry) => <Row key={entry.id} of={entry} />} />
    </Page>
  );
}

function Filters({ filter, again }: { filter: URLSearchParams; again: () => void }) {
  const [values, setValues] = useState(() => Object.fromEntries(FILTERS.map((name) => [name, filter.get(name) ?? ''])));
  const find = () => {
    const wanted = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''));
    go(`/audit${wanted.size > 0 ? `?${wanted}` : ''}`, 'replace');
    again();
  };
  return (
    <Form label={words.filter} look="filters" submit={find}>
      {FILTERS.map((name) => (
        <label key={name}>
          <span>{words.filters[name]}</span>
          <input value={values[name]} onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })} />
        </label>
      ))}
      <button>{words.find}</button>
    </Form>
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
