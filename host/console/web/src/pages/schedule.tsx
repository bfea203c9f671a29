// One schedule: what it did, what comes next, and its buttons.

import { call } from '../api/client';
import type { components } from '../api/schema';
import { maySubmit } from '../api/session';
import { ago, inFuture } from '../format';
import { useAnswer } from '../parts/answer';
import { Confirm } from '../parts/confirm';
import { Fault } from '../parts/fault';
import { Json } from '../parts/json';
import { useTitle } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';
import { SCHEDULE_TONES } from './schedules/tones';

type Schedule = components['schemas']['Schedule'];
type Act = (verb: 'trigger' | 'pause' | 'resume') => void;
const words = strings.schedules;
const AGAIN_MS = 2000;

export function SchedulePage({ id }: { id: string }) {
  const path = `/v1/schedules/${encodeURIComponent(id)}`;
  const { value, error, act } = useAnswer<Schedule>(path, AGAIN_MS);
  useTitle(value?.name || words.one);
  const remove = () =>
    act(async () => {
      await call('DELETE', path);
      go('/schedules');
    });
  return (
    <div class="page job">
      <header>
        <div class="title">
          <h1>{value?.name ? visible(value.name) : words.one}</h1>
          <span class="mono muted">{id}</span>
        </div>
        {value && maySubmit.value && (
          <Actions of={value} act={(verb) => void act(() => call('POST', `${path}/${verb}`, {}))} remove={() => void remove()} />
        )}
      </header>
      {error && <div class="wide"><Fault error={error} /></div>}
      {value && <Body of={value} />}
      {!value && !error && <p class="wide empty">{strings.loading}</p>}
    </div>
  );
}

function Actions({ of, act, remove }: { of: Schedule; act: Act; remove: () => void }) {
  return (
    <div class="actions">
      <button onClick={() => act('trigger')}>{words.trigger}</button>
      {of.state === 'active' && <button onClick={() => act('pause')}>{words.pause}</button>}
      {(of.state === 'paused' || of.state === 'stopped') && <button onClick={() => act('resume')}>{words.resume}</button>}
      <Confirm text={words.remove} of={of.name ?? of.id} act={remove} />
    </div>
  );
}

function Body({ of }: { of: Schedule }) {
  const { info, spec, job, pipeline, policies } = of;
  return (
    <>
      <div class="left">
        <div class="verdict" role="status">
          <span class={`badge still ${SCHEDULE_TONES[of.state]}`}>{words.states[of.state]}</span>
          {of.note && <span>{visible(of.note)}</span>}
          {of.stopped && <span>{words.stopped(visible(of.stopped.reason), ago(of.stopped.at))}</span>}
        </div>
        <Recent of={info.recent.toReversed()} />
        <Next of={info.next} />
        <Json title={words.spec} value={spec} />
        <Json title={pipeline ? words.pipeline : words.job} value={pipeline ?? job} />
      </div>
      <aside class="card">
        <h2>{words.facts}</h2>
        <dl class="facts">
          {words.counts(info).map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{value}</dd>])}
          <dt>{words.overlap}</dt>
          <dd>{policies.overlap}</dd>
          <dt>{words.owner}</dt>
          <dd>{visible(`${of.owner.tenant} ${of.owner.key ?? ''}`)}</dd>
          <dt>{words.created}</dt>
          <dd>{ago(of.created_at)}</dd>
        </dl>
      </aside>
    </>
  );
}

function Recent({ of }: { of: Schedule['info']['recent'] }) {
  return (
    <section class="card stack" aria-label={words.recent}>
      <h2>{words.recent}</h2>
      {of.length === 0 && <p class="empty">{words.noneYet}</p>}
      {of.map((firing) => (
        <article key={`${firing.nominal} ${firing.started_at}`} class="line">
          <div>
            <span title={firing.nominal}>{ago(firing.started_at)}</span>
            {firing.job && <a class="mono" href={`/jobs/${firing.job}`}>{firing.job}</a>}
            {firing.run && <a class="mono" href={`/runs/${firing.run}`}>{firing.run}</a>}
            {firing.error && <p>{visible(firing.error.message)}</p>}
          </div>
        </article>
      ))}
    </section>
  );
}

function Next({ of }: { of: Schedule['info']['next'] }) {
  return (
    <section class="card" aria-label={words.coming}>
      <h2>{words.coming}</h2>
      {of.length === 0 && <p class="empty">{words.never}</p>}
      <ol class="times">
        {of.map((time) => (
          <li key={time.nominal}>
            <span class="mono">{time.local}</span> <span class="muted">{inFuture(time.at)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
