// Sessions: interpreters that keep their state. Which there are, and a button that begins one.

import { useEffect, useState } from 'preact/hooks';
import { call, type Language } from '../api/client';
import type { components } from '../api/schema';
import { maySubmit } from '../api/session';
import { ago } from '../format';
import { askLanguages, languages, ready } from '../languages';
import { useAnswer } from '../parts/answer';
import { Choice } from '../parts/choice';
import { Confirm } from '../parts/confirm';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';
import { SESSION_TONES } from './sessions/tones';

type Session = components['schemas']['Session'];
const words = strings.sessions;
const AGAIN_MS = 2000;

export function SessionsPage() {
  const list = useAnswer<{ sessions: Session[] }>('/v1/sessions', AGAIN_MS);
  const begin = (language: string) =>
    void list.act(async () => go(`/sessions/${(await call<Session>('POST', '/v1/sessions', { language })).id}`));
  return (
    <Page title={words.title} about={words.about}>
      {maySubmit.value && <Begin begin={begin} />}
      {list.error && <Fault error={list.error} />}
      <div class="card stack">
        {list.value?.sessions.length === 0 && <p class="empty">{words.none}</p>}
        {list.value?.sessions.map((session) => (
          <article key={session.id} class="line">
            <div>
              <a class="mono" href={`/sessions/${session.id}`}>
                {session.id}
              </a>
              <p class="muted">{words.facts(session.language, session.cells, ago(session.created_at))}</p>
              {session.lost && <p>{visible(session.lost.message)}</p>}
            </div>
            <div class="actions">
              <span class={`badge ${SESSION_TONES[session.state]}`}>{words.states[session.state]}</span>
              {maySubmit.value && session.state !== 'lost' && (
                <Confirm text={words.end} of={session.id} act={() => void list.act(() => call('DELETE', `/v1/sessions/${session.id}`))} />
              )}
            </div>
          </article>
        ))}
        {!list.value && !list.error && <p class="empty">{strings.loading}</p>}
      </div>
    </Page>
  );
}

function Begin({ begin }: { begin: (language: string) => void }) {
  const [chosen, setChosen] = useState('');
  useEffect(() => void askLanguages(), []);
  const able = (languages.value ?? []).filter((language) => ready(language) && hasCells(language));
  const language = chosen || able[0]?.id;
  if (!language) return null;
  return (
    <div class="filters">
      <Choice name={strings.jobs.language} value={language} all={able.map(({ id, name }) => [id, name])} set={setChosen} />
      <button class="primary" onClick={() => begin(language)}>
        {words.begin}
      </button>
    </div>
  );
}

/** A language runs cells if its options say so. */
function hasCells({ options_schema }: Language): boolean {
  const { properties } = (options_schema ?? {}) as { properties?: Record<string, unknown> };
  return properties?.['cells'] !== undefined;
}
