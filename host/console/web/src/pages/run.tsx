// One run of a pipeline: its steps in their order, what each started, and what came of it.

import { call } from '../api/client';
import type { components } from '../api/schema';
import { maySubmit } from '../api/session';
import { ago } from '../format';
import { useAnswer } from '../parts/answer';
import { Fault } from '../parts/fault';
import { Json } from '../parts/json';
import { useTitle } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';
import { RUN_TONES, STEP_TONES } from './pipelines/tones';

type Run = components['schemas']['PipelineRun'];
type Step = components['schemas']['PipelineStepRun'];
type Attempt = components['schemas']['PipelineJob'];
const words = strings.pipelines;
const AGAIN_MS = 1000;

export function RunPage({ id }: { id: string }) {
  const path = `/v1/runs/${encodeURIComponent(id)}`;
  const { value, error, act } = useAnswer<Run>(path, AGAIN_MS);
  useTitle(`${words.run} ${id.slice(0, 8)}`);
  const isOver = value && value.state !== 'running' && value.state !== 'cancelling';
  const replay = (from: string) => act(async () => go(`/runs/${(await call<Run>('POST', `${path}/replay`, { from })).id}`));
  return (
    <div class="page">
      <header class="titled">
        <h1>{words.run}</h1>
        <span class="mono muted">{id}</span>
        {value?.state === 'running' && maySubmit.value && (
          <button class="danger" onClick={() => void act(() => call('POST', `${path}/cancel`))}>
            {words.cancel}
          </button>
        )}
      </header>
      {error && <Fault error={error} />}
      {value && <State of={value} />}
      <div class="card stack">
        {value?.steps.map((step) => (
          <StepRow key={step.name} of={step} replay={isOver && maySubmit.value ? () => void replay(step.name) : undefined} />
        ))}
      </div>
      {value && <Json title={words.inputs} value={value.inputs} />}
      {value?.outputs && <Json title={words.outputs} value={value.outputs} />}
      {!value && !error && <p class="empty">{strings.loading}</p>}
    </div>
  );
}

function State({ of }: { of: Run }) {
  return (
    <div class="verdict" role="status">
      <span class={`badge ${RUN_TONES[of.state]}`}>{words.states[of.state]}</span>
      <span class="muted">{ago(of.ended_at ?? of.created_at)}</span>
      <a href={`/pipelines/${of.pipeline}`}>{words.one}</a>
      {of.replay_of && <a href={`/runs/${of.replay_of}`}>{words.replayOf}</a>}
      {of.parent && <a href={`/runs/${of.parent.run}`}>{words.parent(visible(of.parent.step))}</a>}
      {of.error && <span>{visible(of.error.message)}</span>}
    </div>
  );
}

function StepRow({ of, replay }: { of: Step; replay: (() => void) | undefined }) {
  return (
    <article class="line">
      <div>
        <h2>{visible(of.name)}</h2>
        {of.error && <p>{visible(of.error.message)}</p>}
        <ul class="attempts">
          {of.jobs.map((attempt, at) => (
            <li key={at}>
              <AttemptLine of={attempt} />
            </li>
          ))}
        </ul>
      </div>
      <div class="actions">
        <span class={`badge ${STEP_TONES[of.state]}`}>{words.stepStates[of.state]}</span>
        {replay && (
          <button onClick={replay}>
            {words.replay}
            <span class="hidden"> {visible(of.name)}</span>
          </button>
        )}
      </div>
    </article>
  );
}

/** A job or a run by its link, a request by its status. */
function AttemptLine({ of }: { of: Attempt }) {
  const { verdict, status, state } = (of.result ?? {}) as { verdict?: keyof typeof strings.verdicts; status?: number; state?: string };
  const outcome = verdict ? (strings.verdicts[verdict] ?? verdict) : (status ?? state ?? '');
  return (
    <>
      {of.job && <a class="mono" href={`/jobs/${of.job}`}>{of.job}</a>}
      {of.run && <a class="mono" href={`/runs/${of.run}`}>{of.run}</a>}
      {of.request && <span class="mono">{visible(of.request)}</span>}
      <span class="muted"> {[outcome, of.attempt > 1 && words.attempt(of.attempt)].filter(Boolean).join(' · ')}</span>
    </>
  );
}
