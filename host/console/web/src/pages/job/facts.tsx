// What a job was judged with.

import type { ComponentChildren } from 'preact';
import type { Report } from '../../api/client';
import { duration, size } from '../../format';
import { strings } from '../../strings';
import { visible } from '../../text';

const words = strings.job;

export function Facts({ report }: { report: Report }) {
  const { plugin, limits, labels } = report;
  return (
    <aside class="card" aria-label={words.facts}>
      <h2>{words.facts}</h2>
      <dl class="facts">
        <Fact name={strings.jobs.language}>{report.language}</Fact>
        {plugin && <Fact name={words.plugin}>{`${plugin.id} ${plugin.version}`}</Fact>}
        {plugin && <Fact name={words.digest}><span class="mono" title={plugin.digest}>{plugin.digest.slice(0, 16)}…</span></Fact>}
        {report.image && <Fact name={words.image}>{report.image}</Fact>}
        <Fact name={words.sandbox}>{report.sandbox}</Fact>
        {limits?.cpu_ms && <Fact name={words.limits}>{`${duration(limits.cpu_ms)}, ${size(limits.memory_bytes ?? 0)}`}</Fact>}
        <Time name={words.submitted} time={report.created_at} />
        <Time name={words.started} time={report.started_at} />
        <Time name={words.finished} time={report.finished_at} />
        {labels && Object.entries(labels).map(([name, value]) => <Fact key={name} name={visible(name)}>{visible(String(value))}</Fact>)}
      </dl>
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Time({ name, time }: { name: string; time: string | undefined }) {
  if (!time) return null;
  return (
    <Fact name={name}>
      <time dateTime={time}>{new Date(time).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })}</time>
    </Fact>
  );
}
