// Verifies a problem: a few of its submissions at a time become jobs, and each report is compared with what is expected.

import { ApiFault, call, type Verdict } from '../../api/client';
import { follow } from '../../api/events';
import type { components } from '../../api/schema';

export type Submission = components['schemas']['ProblemSubmission'];
type Verified = components['schemas']['VerifiedSubmission'];

export type Row = {
  state: 'waiting' | 'queued' | 'running' | 'done' | 'stopped' | 'failed';
  job?: string;
  /** Tests that were judged, of how many. */
  tests?: [number, number];
  verdict?: Verdict;
  mismatch?: string;
  /** Why it could not be judged. */
  error?: Error;
};

/** Jobs of a verification that wait or run at the same time: others have a share of the queue. */
export const AT_ONCE = 3;
/** A server that has too much to do now is asked again after this long, and so often. */
const AGAIN_MS = 1000;
const TRIES = 30;

export async function verify(problem: string, submissions: Submission[], show: (number: number, row: Row) => void, signal: AbortSignal) {
  const left = [...submissions];
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const { number } = next;
      if (signal.aborted) show(number, { state: 'stopped' });
      else await one(`/v1/problems/${problem}/submissions/${number}/jobs`, (row) => show(number, row), signal);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function one(path: string, show: (row: Row) => void, signal: AbortSignal) {
  let job: string | undefined;
  try {
    const { id } = await submit(path, signal);
    job = id;
    show({ state: 'queued', job });
    await follow(
      id,
      (event) => {
        if (event.event === 'test') show({ state: 'running', job: id, tests: [event.index + 1, event.total] });
        else if (event.event === 'started') show({ state: 'running', job: id });
      },
      signal,
    );
    if (signal.aborted) throw new DOMException('stopped', 'AbortError');
    const { verdict, mismatch } = await call<Verified>('GET', `${path}/${id}`);
    show({ state: 'done', job, ...(verdict && { verdict }), ...(mismatch !== undefined && { mismatch }) });
  } catch (failure) {
    if (!signal.aborted) return show({ state: 'failed', ...(job && { job }), error: failure as Error });
    show({ state: 'stopped', ...(job && { job }) });
    // A job that has ended meanwhile cannot be cancelled, and need not be.
    if (job) await call('DELETE', `/v1/jobs/${job}`).catch(() => undefined);
  }
}

async function submit(path: string, signal: AbortSignal): Promise<{ id: string }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call<{ id: string }>('POST', path);
    } catch (failure) {
      const isForNow = failure instanceof ApiFault && (failure.status === 429 || failure.status === 503);
      if (!isForNow || tries === TRIES || signal.aborted) throw failure;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
