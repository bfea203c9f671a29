// One pipeline: its steps, its runs, and a form that begins one.

import { useState } from 'preact/hooks';
import { call } from '../api/client';
import type { components } from '../api/schema';
import { maySubmit } from '../api/session';
import { useAnswer } from '../parts/answer';
import { Confirm } from '../parts/confirm';
import { Fault } from '../parts/fault';
import { Form } from '../parts/form';
import { Json, JsonField, parsed } from '../parts/json';
import { useTitle } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';
import { Runs } from './pipelines/runs';

type Pipeline = components['schemas']['Pipeline'];
type Run = components['schemas']['PipelineRun'];
const words = strings.pipelines;

export function PipelinePage({ id }: { id: string }) {
  const path = `/v1/pipelines/${encodeURIComponent(id)}`;
  const { value, error, act } = useAnswer<Pipeline>(path);
  const [inputs, setInputs] = useState('');
  useTitle(value?.name || words.one);
  const begin = () =>
    act(async () => {
      const given = parsed(words.inputs, inputs);
      go(`/runs/${(await call<Run>('POST', `${path}/runs`, given === undefined ? {} : { inputs: given })).id}`);
    });
  const remove = () =>
    act(async () => {
      await call('DELETE', path);
      go('/pipelines');
    });
  return (
    <div class="page">
      <header class="titled">
        <h1>{value?.name ? visible(value.name) : words.one}</h1>
        <span class="mono muted">{id}</span>
        {value && maySubmit.value && <Confirm text={words.remove} of={value.name ?? id} act={() => void remove()} />}
      </header>
      {error && <Fault error={error} />}
      {value && maySubmit.value && (
        <Form label={words.start} submit={() => void begin()}>
          <JsonField label={words.inputs} hint={words.inputsHint(JSON.stringify(value.inputs ?? {}))} value={inputs} rows={3} set={setInputs} />
          <button class="primary">{words.start}</button>
        </Form>
      )}
      {value && <Runs pipeline={id} />}
      {value && <Json title={words.steps} value={value.steps} />}
      {!value && !error && <p class="empty">{strings.loading}</p>}
    </div>
  );
}
