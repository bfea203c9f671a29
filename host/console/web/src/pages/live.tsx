// What the server does now, and did within the last hour.

import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client';
import type { components } from '../api/schema';
import { reachable } from '../api/session';
import { duration } from '../format';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { Plot } from '../parts/plot';
import { strings } from '../strings';
import { visible } from '../text';
import { ended, merged, rate, type Sample } from './live/samples';
import { Workers } from './live/workers';

type History = components['schemas']['History'];
const words = strings.live;

export function LivePage() {
  const [samples, setSamples] = useState<Sample[]>([]);
  const [history, setHistory] = useState<History>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    let all: Sample[] = [];
    let timer = 0;
    let step = 5000;
    let isGone = false;
    const ask = async () => {
      const since = all.at(-1)?.at_ms;
      try {
        const answer = await call<History>('GET', `/v1/history${since === undefined ? '' : `?since=${since}`}`);
        all = merged(all, answer.samples);
        step = answer.step_ms;
        setSamples(all);
        setHistory(answer);
        setError(undefined);
      } catch (failure) {
        if (reachable.value) setError(failure as Error);
      }
      if (!isGone) timer = window.setTimeout(() => void ask(), step);
    };
    void ask();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, []);
  return (
    <Page title={words.title} about={words.about}>
      {error && <Fault error={error} />}
      {history && <Now history={history} samples={samples} />}
      {history && (
        <div class="plots">
          <Plots samples={samples} step={history.step_ms} />
          <Depths history={history} />
        </div>
      )}
      <Workers />
      {!history && !error && <p class="empty">{strings.loading}</p>}
    </Page>
  );
}

function Now({ history, samples }: { history: History; samples: Sample[] }) {
  const { languages, slots, busy, dead } = history.now;
  const sum = (figure: (row: (typeof languages)[number]) => number) => languages.reduce((all, row) => all + figure(row), 0);
  const oldest = languages.reduce((most, row) => Math.max(most, row.oldest_ms), 0);
  const minute = samples.slice(-Math.round(60_000 / history.step_ms));
  return (
    <dl class="tiles">
      <Tile name={words.waiting} value={String(sum((row) => row.queued))} />
      <Tile name={words.running} value={String(sum((row) => row.running))} note={slots > 0 ? words.slots(busy, slots) : ''} />
      <Tile name={words.rate} value={rate(minute, history.step_ms).toFixed(1)} note={words.lately} />
      <Tile name={words.oldest} value={oldest > 0 ? duration(oldest) : '–'} />
      <Tile name={words.dead} value={String(dead)} />
    </dl>
  );
}

function Tile({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div class="card">
      <dt>{name}</dt>
      <dd>{value}</dd>
      {note && <dd class="note">{note}</dd>}
    </div>
  );
}

function Plots({ samples, step }: { samples: Sample[]; step: number }) {
  const times = samples.map((sample) => sample.at_ms / 1000);
  const per = (sample: Sample, kind: 'good' | 'other' | 'ours') => (ended(sample)[kind] * 1000) / step;
  const line = (name: string, colour: string, values: (number | null)[]) => ({ name, colour, values });
  const time = (pick: 'p50_ms' | 'p95_ms' | 'p99_ms') => samples.map((sample) => sample[pick] ?? null);
  return (
    <>
      <Plot
        title={words.rates}
        times={times}
        lines={[
          line(words.accepted, '--good', samples.map((sample) => per(sample, 'good'))),
          line(words.other, '--bad', samples.map((sample) => per(sample, 'other'))),
          line(words.ours, '--ours', samples.map((sample) => per(sample, 'ours'))),
        ]}
        text={(value) => value.toFixed(1)}
      />
      <Plot
        title={words.times}
        times={times}
        lines={[line('p50', '--accent', time('p50_ms')), line('p95', '--limit', time('p95_ms')), line('p99', '--bad', time('p99_ms'))]}
        text={duration}
      />
      <Plot
        title={words.depth}
        times={times}
        lines={[
          line(words.waiting, '--limit', samples.map((sample) => sample.queued)),
          line(words.running, '--accent', samples.map((sample) => sample.running)),
        ]}
        text={(value) => String(Math.round(value))}
      />
    </>
  );
}

function Depths({ history }: { history: History }) {
  const rows = history.now.languages;
  return (
    <section class="card depths" aria-label={words.languages}>
      <h2>{words.languages}</h2>
      {rows.length === 0 && <p class="empty">{words.idle}</p>}
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{strings.jobs.language}</th>
              <th scope="col">{words.waiting}</th>
              <th scope="col">{words.running}</th>
              <th scope="col">{words.oldest}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.language}>
                <td>
                  <a href={`/jobs?language=${encodeURIComponent(row.language)}&state=queued`}>{visible(row.language)}</a>
                </td>
                <td>{row.queued}</td>
                <td>{row.running}</td>
                <td>{row.oldest_ms > 0 ? duration(row.oldest_ms) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
