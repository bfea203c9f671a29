// Pipelines and their runs: what there is, what runs now, and a form for a new pipeline.

import { useState } from 'preact/hooks';
import { call } from '../api/client';
import type { components } from '../api/schema';
import { maySubmit } from '../api/session';
import { ago } from '../format';
import { usePages } from '../parts/answer';
import { FoldedForm } from '../parts/form';
import { JsonField, parsed } from '../parts/json';
import { Listing } from '../parts/listing';
import { Page } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';
import { Runs } from './pipelines/runs';

type Summary = components['schemas']['PipelineSummary'];
type Pipeline = components['schemas']['Pipeline'];
const words = strings.pipelines;
const AGAIN_MS = 5000;

const SAMPLE = {
  name: 'double',
  inputs: { number: 3 },
  steps: [{ name: 'double', with: { language: 'python', source: 'print(2 * int(input()))', tests: [{ stdin: '${inputs.number}\n' }] } }],
};

export function PipelinesPage({ query }: { query: URLSearchParams }) {
  const list = usePages<Summary>('/v1/pipelines?limit=50', 'pipelines', AGAIN_MS);
  const [text, setText] = useState(JSON.stringify(SAMPLE, null, 2));
  const create = () =>
    list.act(async () => go(`/pipelines/${(await call<Pipeline>('POST', '/v1/pipelines', parsed(words.definition, text))).id}`));
  return (
    <Page title={words.title} about={words.about}>
      {maySubmit.value && (
        <FoldedForm label={words.create} submit={() => void create()}>
          <JsonField label={words.definition} value={text} rows={12} set={setText} />
          <button class="primary">{words.create}</button>
        </FoldedForm>
      )}
      <Listing of={list} none={words.none} row={(pipeline) => <Row key={pipeline.id} of={pipeline} />} />
      <Runs state={query.get('state') ?? ''} set={(state) => go(`/pipelines${state && `?state=${state}`}`, 'replace')} />
    </Page>
  );
}

function Row({ of }: { of: Summary }) {
  return (
    <article class="line">
      <div>
        <h2>
          <a href={`/pipelines/${of.id}`}>{visible(of.name || of.id)}</a>
        </h2>
        <p class="muted">{visible(of.steps.join(' · '))}</p>
      </div>
      <span class="muted">{ago(of.created_at)}</span>
    </article>
  );
}
