// One session as a notebook: cells that were run from this page, and a field for the next one.

import { useState } from 'preact/hooks';
import { call } from '../api/client';
import type { components } from '../api/schema';
import { maySubmit } from '../api/session';
import { useAnswer } from '../parts/answer';
import { Confirm } from '../parts/confirm';
import { Fault } from '../parts/fault';
import { Form } from '../parts/form';
import { useTitle } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';
import { CellView } from './sessions/cell';
import { SESSION_TONES } from './sessions/tones';

type Session = components['schemas']['Session'];
type Cell = components['schemas']['Cell'];
const words = strings.sessions;
const AGAIN_MS = 2000;

/** The server keeps no cells, so this tab does: of each session, as long as the page is open. */
const kept = new Map<string, { source: string; cell: Cell }[]>();

export function SessionPage({ id }: { id: string }) {
  const path = `/v1/sessions/${encodeURIComponent(id)}`;
  const { value, error, act } = useAnswer<Session>(path, AGAIN_MS);
  const [cells, setCells] = useState(() => kept.get(id) ?? []);
  const [source, setSource] = useState('');
  const [isBusy, setBusy] = useState(false);
  useTitle(`${words.one} ${id.slice(0, 8)}`);
  const run = async () => {
    if (isBusy || source.trim() === '') return;
    setBusy(true);
    await act(async () => {
      const cell = await call<Cell>('POST', `${path}/cells`, { source });
      const all = [...(kept.get(id) ?? []), { source, cell }];
      kept.set(id, all);
      setCells(all);
      setSource('');
    });
    setBusy(false);
  };
  const end = () =>
    act(async () => {
      await call('DELETE', path);
      kept.delete(id);
      go('/sessions');
    });
  const isAlive = value && value.state !== 'lost';
  return (
    <div class="page">
      <header class="titled">
        <h1>{words.one}</h1>
        <span class="mono muted">{id}</span>
        {value && <span class={`badge ${SESSION_TONES[value.state]}`}>{words.states[value.state]}</span>}
        {isAlive && maySubmit.value && <Confirm text={words.end} of={id} act={() => void end()} />}
      </header>
      {value && value.cells > cells.length && <p class="muted">{words.elsewhere(value.cells - cells.length)}</p>}
      {cells.map(({ source: ran, cell }) => <CellView key={cell.number} source={ran} cell={cell} />)}
      {error && <Fault error={error} />}
      {value?.lost && <p role="status">{visible(value.lost.message)}</p>}
      {isAlive && maySubmit.value && (
        <Form label={words.next} submit={() => void run()}>
          <label class="wide">
            <span>
              {words.next} <span class="muted">{words.keys}</span>
            </span>
            <textarea
              rows={5}
              spellcheck={false}
              value={source}
              onInput={(event) => setSource(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.ctrlKey || event.shiftKey)) return;
                event.preventDefault();
                void run();
              }}
            />
          </label>
          <button class="primary" disabled={isBusy}>
            {isBusy ? words.states.running : strings.playground.run}
          </button>
        </Form>
      )}
    </div>
  );
}
