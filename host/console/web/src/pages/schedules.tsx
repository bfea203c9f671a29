// Schedules: what fires when, and a form for a new one.

import { call } from '../api/client';
import type { components } from '../api/schema';
import { maySubmit } from '../api/session';
import { inFuture } from '../format';
import { usePages } from '../parts/answer';
import { Listing } from '../parts/listing';
import { Page } from '../parts/page';
import { go } from '../places';
import { strings } from '../strings';
import { visible } from '../text';
import { NewScheduleForm } from './schedules/form';
import { SCHEDULE_TONES } from './schedules/tones';

type Summary = components['schemas']['ScheduleSummary'];
type Schedule = components['schemas']['Schedule'];
type Request = components['schemas']['ScheduleRequest'];
const words = strings.schedules;
const AGAIN_MS = 5000;

export function SchedulesPage() {
  const list = usePages<Summary>('/v1/schedules?limit=50', 'schedules', AGAIN_MS);
  const create = (request: () => Request) =>
    list.act(async () => go(`/schedules/${(await call<Schedule>('POST', '/v1/schedules', request())).id}`));
  return (
    <Page title={words.title} about={words.about}>
      {maySubmit.value && <NewScheduleForm create={create} />}
      <Listing of={list} none={words.none} row={(schedule) => <Row key={schedule.id} of={schedule} />} />
    </Page>
  );
}

function Row({ of }: { of: Summary }) {
  return (
    <article class="line">
      <div>
        <h2>
          <a href={`/schedules/${of.id}`}>{visible(of.name || of.id)}</a>
        </h2>
        <p class="muted">{of.next_at ? words.next(inFuture(of.next_at), of.next_at) : words.never}</p>
      </div>
      <span class={`badge still ${SCHEDULE_TONES[of.state]}`}>{words.states[of.state]}</span>
    </article>
  );
}
