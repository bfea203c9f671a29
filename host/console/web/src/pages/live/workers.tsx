// The workers of the queue: how busy each is, and a button that lets one take no new jobs.

import { call } from '../../api/client';
import type { components } from '../../api/schema';
import { ago } from '../../format';
import { useAnswer } from '../../parts/answer';
import { Fault } from '../../parts/fault';
import { strings } from '../../strings';
import { visible } from '../../text';

type Worker = components['schemas']['Worker'];
const words = strings.workers;
const TONES = { working: 'good', draining: 'busy', drained: 'limit', lost: 'bad' } as const;
/** As often as workers say how they are. */
const AGAIN_MS = 2000;

export function Workers() {
  const { value, error, act } = useAnswer<{ workers: Worker[] }>('/v1/workers', AGAIN_MS);
  const workers = value?.workers;
  const wish = (worker: Worker, verb: 'drain' | 'resume') => act(() => call('POST', `/v1/workers/${worker.id}/${verb}`));
  return (
    <section class="card" aria-label={words.title}>
      <h2>{words.title}</h2>
      {error && <Fault error={error} />}
      {workers?.length === 0 && <p class="empty">{words.none}</p>}
      <div class="stack">{workers?.map((worker) => <Row key={worker.id} of={worker} wish={(verb) => void wish(worker, verb)} />)}</div>
    </section>
  );
}

function Row({ of, wish }: { of: Worker; wish: (verb: 'drain' | 'resume') => void }) {
  const isWorking = of.state === 'working';
  return (
    <article class="line">
      <div>
        <h3>
          {visible(of.host)} <span class="mono muted">{of.id.slice(-12)}</span>
        </h3>
        <p class="muted">{words.facts(of.busy, of.slots, visible(of.version), ago(of.started_at))}</p>
        <meter min={0} max={Math.max(1, of.slots)} value={of.busy} aria-label={words.load(of.busy, of.slots)} />
      </div>
      <div class="actions">
        <span class={`badge ${TONES[of.state]}`}>{of.state === 'lost' ? words.lost(ago(of.seen_at)) : words.states[of.state]}</span>
        {of.state !== 'lost' && (
          <button onClick={() => wish(isWorking ? 'drain' : 'resume')}>
            {isWorking ? words.drain : words.resume}
            <span class="hidden"> {of.id}</span>
          </button>
        )}
      </div>
    </article>
  );
}
