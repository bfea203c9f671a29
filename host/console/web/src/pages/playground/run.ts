// One run: submitted, followed, and shown as it happens.

import { batch, computed, signal } from '@preact/signals';
import { call, type Content, type Diagnostic, type Job, type JobRequest, type Report, type TestReport } from '../../api/client';
import { follow, type JobEvent } from '../../api/events';
import { request, type Program } from '../../program';
import { text } from '../../text';
import { program } from './state';

/** Between two paintings of what a running program prints. */
const PAINT_MS = 100;
/** Of a running test's output, this much is shown meanwhile; its report has the rest. */
const LIVE = 64_000;

export type Live = { stdout: string; stderr: string };
export type Phase = 'idle' | 'queued' | 'compiling' | 'running' | 'done';

export const phase = signal<Phase>('idle');
export const job = signal('');
export const live = signal<Live>({ stdout: '', stderr: '' });
export const tests = signal<(TestReport | undefined)[]>([]);
export const diagnostics = signal<Diagnostic[]>([]);
export const report = signal<Report | undefined>(undefined);
export const error = signal<Error | undefined>(undefined);
export const isRunning = computed(() => phase.value !== 'idle' && phase.value !== 'done');

/** Programs that this tab submitted, by the job's id: the server keeps none. */
export const submitted = new Map<string, Program>();
const KEPT = 50;

let stop = new AbortController();

export async function run() {
  if (isRunning.value) return;
  stop.abort();
  stop = new AbortController();
  const mine = stop.signal;
  const body = request(program.value);
  reset(body);
  try {
    const { id } = await call<Job>('POST', '/v1/jobs', body);
    keep(id, program.value);
    job.value = id;
    await follow(id, hearer(), mine);
    if (phase.value !== 'done') finish((await call<Job>('GET', `/v1/jobs/${id}?wait=60s`)).report);
  } catch (failure) {
    if (mine.aborted) return;
    error.value = failure as Error;
    phase.value = 'done';
  }
}

export async function cancel() {
  if (!isRunning.value || job.value === '') return;
  await call<Job>('DELETE', `/v1/jobs/${job.value}`).catch((failure: Error) => (error.value = failure));
}

function reset(body: JobRequest) {
  batch(() => {
    phase.value = 'queued';
    job.value = '';
    live.value = { stdout: '', stderr: '' };
    tests.value = Array.from({ length: Math.max(1, body.tests?.length ?? 0) });
    diagnostics.value = [];
    report.value = undefined;
    error.value = undefined;
  });
}

/** Submits a program of this tab once more, and returns the new job. */
export async function submitAgain(again: Program): Promise<string> {
  const { id } = await call<Job>('POST', '/v1/jobs', request(again));
  keep(id, again);
  return id;
}

function keep(id: string, kept: Program) {
  submitted.set(id, kept);
  const oldest = submitted.keys().next().value;
  if (submitted.size > KEPT && oldest !== undefined) submitted.delete(oldest);
}

/** Gathers what comes, and shows it ten times a second at most. */
function hearer(): (event: JobEvent) => void {
  let waiting: JobEvent[] = [];
  let timer = 0;
  const paint = () => {
    timer = 0;
    const events = waiting;
    waiting = [];
    batch(() => events.forEach(apply));
  };
  return (event) => {
    waiting.push(event);
    if (event.event === 'done') {
      clearTimeout(timer);
      paint();
    } else if (timer === 0) {
      timer = window.setTimeout(paint, PAINT_MS);
    }
  };
}

function apply(event: JobEvent) {
  switch (event.event) {
    case 'compiling':
      phase.value = 'compiling';
      break;
    case 'compiled':
      phase.value = 'running';
      diagnostics.value = event.diagnostics ?? [];
      break;
    case 'started':
      phase.value = 'running';
      break;
    case 'output':
      hearOutput(event.stream, event.content);
      break;
    case 'test':
      tests.value = tests.value.map((test, at) => (at === event.index ? event.report : test));
      break;
    case 'done':
      finish(event.report);
      break;
  }
}

function hearOutput(stream: keyof Live, content: Content) {
  const before = live.value[stream];
  if (before.length < LIVE) live.value = { ...live.value, [stream]: (before + text(content)).slice(0, LIVE) };
}

function finish(ended: Report | undefined) {
  if (!ended) return;
  report.value = ended;
  tests.value = ended.tests;
  diagnostics.value = ended.compile?.diagnostics ?? [];
  phase.value = 'done';
}
