// Runs, newest first: of all pipelines, or of one.

import type { components } from '../../api/schema';
import { ago } from '../../format';
import { usePages } from '../../parts/answer';
import { Choice } from '../../parts/choice';
import { Listing } from '../../parts/listing';
import { strings } from '../../strings';
import { RUN_TONES } from './tones';

type Summary = components['schemas']['PipelineRunSummary'];
const words = strings.pipelines;
const STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
const AGAIN_MS = 2000;

type Props = { pipeline?: string; state?: string; set?: (state: string) => void };

export function Runs({ pipeline = '', state = '', set }: Props) {
  const filter = Object.entries({ pipeline, state, limit: '50' }).filter(([, value]) => value !== '');
  const list = usePages<Summary>(`/v1/runs?${new URLSearchParams(filter)}`, 'runs', AGAIN_MS);
  return (
    <section class="runs" aria-label={words.runs}>
      <div class="filters">
        <h2>{words.runs}</h2>
        {set && <Choice name={words.state} value={state} all={STATES.map((one) => [one, words.states[one]])} set={set} any={strings.jobs.any} />}
      </div>
      <Listing of={list} none={words.noRun} row={(run) => <Row key={run.id} of={run} />} />
    </section>
  );
}

function Row({ of }: { of: Summary }) {
  return (
    <article class="line">
      <div>
        <a class="mono" href={`/runs/${of.id}`}>
          {of.id}
        </a>
        <span class="muted">{ago(of.created_at)}</span>
      </div>
      <span class={`badge ${RUN_TONES[of.state]}`}>{words.states[of.state]}</span>
    </article>
  );
}
