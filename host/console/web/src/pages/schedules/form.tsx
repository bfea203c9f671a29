// A new schedule: when, by a cron expression in a zone, and what, a job or a run of a pipeline.

import { useState } from 'preact/hooks';
import type { components } from '../../api/schema';
import { FoldedForm } from '../../parts/form';
import { JsonField, parsed } from '../../parts/json';
import { strings } from '../../strings';

type Request = components['schemas']['ScheduleRequest'];
const words = strings.schedules;
const JOB = { language: 'python', source: 'print(int(input()) + 1)', tests: [{ stdin: '6\n', expect: '7\n' }] };

export function NewScheduleForm({ create }: { create: (request: () => Request) => Promise<void> }) {
  const [name, setName] = useState('');
  const [cron, setCron] = useState('');
  const [timezone, setTimezone] = useState('UTC');
  const [kind, setKind] = useState<'job' | 'pipeline'>('job');
  const [job, setJob] = useState(JSON.stringify(JOB, null, 2));
  const [pipeline, setPipeline] = useState('');
  const [inputs, setInputs] = useState('');
  const request = (): Request => ({
    name,
    spec: { timezone, cron: [cron] },
    ...(kind === 'job'
      ? { job: parsed(words.job, job) as Request['job'] & object }
      : { pipeline: { id: pipeline.trim(), inputs: (parsed(words.inputs, inputs) ?? {}) as Record<string, unknown> } }),
  });
  return (
    <FoldedForm label={words.create} submit={() => void create(request)}>
      <div class="fields">
        <Text label={words.name} value={name} set={setName} />
        <Text label={words.cron} hint={words.cronHint} value={cron} set={setCron} isNeeded />
        <Text label={words.zone} hint={words.zoneHint} value={timezone} set={setTimezone} isNeeded />
        <label>
          {words.what}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as 'job' | 'pipeline')}>
            <option value="job">{words.job}</option>
            <option value="pipeline">{words.pipeline}</option>
          </select>
        </label>
      </div>
      {kind === 'job' && <JsonField label={words.job} hint={words.jobHint} value={job} set={setJob} />}
      {kind === 'pipeline' && <Text label={words.pipelineId} value={pipeline} set={setPipeline} isNeeded />}
      {kind === 'pipeline' && <JsonField label={words.inputs} value={inputs} rows={3} set={setInputs} />}
      <button class="primary">{words.create}</button>
    </FoldedForm>
  );
}

type TextProps = { label: string; hint?: string; value: string; set: (text: string) => void; isNeeded?: boolean };

function Text({ label, hint, value, set, isNeeded = false }: TextProps) {
  return (
    <label>
      {label}
      <input value={value} required={isNeeded} spellcheck={false} onInput={(event) => set(event.currentTarget.value)} />
      {hint && <span class="muted">{hint}</span>}
    </label>
  );
}
