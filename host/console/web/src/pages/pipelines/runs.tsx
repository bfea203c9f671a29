// Runs, newest first: of all pipelines, or of one.

import type { components } from '../../api/schema';
import { ago } from '../../format';
import { usePages } from '../../parts/answer';
import { Fault } from '../../parts/fault';
import { strings } from '../../strings';
import { RUN_TONES } from './tones';

type List = components['schemas']['PipelineRunList'];
type Summary = components['schemas']['PipelineRunSummary'];
const words = strings.pipelines;
const STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
const AGAIN_MS = 2000;

type Props = { pipeline?: string; state?: string; set?: (state: string) => void };

export function Runs({ pipeline = '', state = '', set }: Props) {
  const filter = Object.entries({ pipeline, state, limit: '50' }).filter(([, value]) => value !== '');
  const list = usePages<Summary>(`/v1/runs?${new URLSearchParams(filter)}`, (page) => (page as List).runs, AGAIN_MS);
  return (
    <section class="runs" aria-label={words.runs}>
      <div class="filters">
        <h2>{words.runs}</h2>
        {set && (
          <label>
            <span>{words.state}</span>
            <select value={state} onChange={(event) => set(event.currentTarget.value)}>
              <option value="">{strings.jobs.any}</option>
              {STATES.map((one) => (
                <option key={one} value={one}>
                  {words.states[one]}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {list.error && <Fault error={list.error} />}
      <div class="card stack">
        {list.items?.length === 0 && <p class="empty">{words.noRun}</p>}
        {list.items?.map((run) => (
          <article key={run.id} class="line">
            <div>
              <a class="mono" href={`/runs/${run.id}`}>
                {run.id}
              </a>
              <span class="muted">{ago(run.created_at)}</span>
            </div>
            <span class={`badge ${RUN_TONES[run.state]}`}>{words.states[run.state]}</span>
          </article>
        ))}
      </div>
      {list.older && (
        <p>
          <button onClick={list.older}>{strings.older}</button>
        </p>
      )}
    </section>
  );
}
