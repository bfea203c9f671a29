// The client.

import { type Call, Connection, type Options } from './connection.js';
import { ApiError, OptimusError, StillRunningError } from './errors.js';
import { follow } from './events.js';
import { type Item, completed } from './lanes.js';
import { type Completed, Result } from './result.js';
import { Attempts, sleep } from './retry.js';
import type { Event, Job, JobRequest, Language, Problem, Schemas, ServerLimits } from './types.js';

/** The longest that a server holds a request of ours. Proxies give up after a minute or less. */
const HOLD_MS = 20_000;
/** Jobs of one request: a key's rate is counted by whole requests, and a refused request is sent again whole. */
const BATCH = 100;
/** Pause before an unfinished job is asked for again, when the server did not hold the request: it is stopping. */
const UNHELD_MS = 200;
/** Codes of refusals that concern the moment, not the job. */
const PASSING = new Set(['too_many_jobs', 'queue_full', 'queue_failed', 'stopping', 'languages_loading', 'too_many_requests', 'bug']);

export interface CallOptions {
  /** Gives up what is under way, by throwing the signal's reason. A submitted job goes on. */
  signal?: AbortSignal;
}

export interface WaitOptions extends CallOptions {
  /** After so long `StillRunningError` is thrown, and the job goes on. Default: never. */
  timeoutMs?: number;
}

/** A connection to a server. */
export class Client {
  readonly #connection: Connection;

  /** `base` is the server's URL. */
  constructor(base = 'http://127.0.0.1:8080', options: Options = {}) {
    this.#connection = new Connection(base, options);
  }

  get base(): string {
    return this.#connection.base;
  }

  /** Submits a program and waits for its end. A program that fails is a `Result`. */
  async run(job: JobRequest, options: WaitOptions = {}): Promise<Result> {
    const deadline = deadlineOf(options);
    const submitted = await this.#connection.json<Job>(submission(job, hold(deadline), undefined, options.signal));
    return submitted.report ? new Result(submitted.report) : this.#untilDone(submitted.id, deadline, options);
  }

  /** Submits a program, and returns the job's id. The same key with the same job returns the same id. */
  async submit(job: JobRequest, options: CallOptions & { idempotencyKey?: string } = {}): Promise<string> {
    return (await this.#connection.json<Job>(submission(job, 0, options.idempotencyKey, options.signal))).id;
  }

  /** The state of a job, and its report once it has ended. */
  get(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#get(id, 0, options.signal);
  }

  /** Waits for the end of a job. */
  wait(id: string, options: WaitOptions = {}): Promise<Result> {
    return this.#untilDone(id, deadlineOf(options), options);
  }

  /** Cancels a job. One that runs ends soon after; one that has ended is refused with 409. */
  async cancel(id: string, { signal }: CallOptions = {}): Promise<Job> {
    const attempts = new Attempts(this.#connection.retryForMs);
    try {
      return await this.#connection.json<Job>({ method: 'DELETE', path: jobPath(id), signal }, attempts);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 409 && attempts.repeated)) throw error;
      // The answer to an earlier attempt was lost: that one may have cancelled the job.
      const job = await this.#get(id, 0, signal);
      if (job.report?.verdict === 'cancelled') return job;
      throw error;
    }
  }

  /** Submits many programs at once: the id of each, or the reason why it was refused, in their order. */
  async batch(jobs: readonly JobRequest[], options: CallOptions = {}): Promise<(string | ApiError)[]> {
    const rows: (string | ApiError)[] = [];
    for (let at = 0; at < jobs.length; at += BATCH) rows.push(...(await this.#batch(jobs.slice(at, at + BATCH), options)));
    return rows;
  }

  /**
   * Yields each job as it ends. Jobs to submit are submitted here, at most `lanes` at a time (16); ids, as `submit` and `batch` return them, are
   * waited for. What goes wrong with one job is its `error`, and no reason to stop. If the caller stops, jobs under way stay with the server.
   */
  asCompleted(
    items: Iterable<Item> | AsyncIterable<Item>,
    { lanes = 16, signal }: CallOptions & { lanes?: number } = {},
  ): AsyncGenerator<Completed, void> {
    const options = signal ? { signal } : {};
    return completed(items, lanes, async ({ index, item }, holdMs) => {
      try {
        if (item instanceof OptimusError) return { index, error: item };
        if (typeof item !== 'string') return { index, result: await this.run(item, options) };
        const { report } = await this.#get(item, holdMs ?? HOLD_MS, signal);
        return report && { index, result: new Result(report) };
      } catch (error) {
        if (error instanceof OptimusError) return { index, error };
        throw error;
      }
    });
  }

  /** Yields the events of a job as they happen; the last is `done`. A broken connection is made again. */
  events(id: string, { signal }: CallOptions = {}): AsyncGenerator<Event, void> {
    return follow(this.#connection, `${jobPath(id)}/events`, signal);
  }

  /** The languages of the server. */
  async languages(options: CallOptions = {}): Promise<Language[]> {
    return (await this.#read<Schemas['LanguageList']>('/v1/languages', options)).languages;
  }

  /** The caps and the defaults of jobs on this server. */
  limits(options: CallOptions = {}): Promise<ServerLimits> {
    return this.#read('/v1/limits', options);
  }

  /**
   * Stores a problem package (a zip archive); `run({ …, problem: stored.problem })` judges against it. The limits are for packages that leave
   * them to the judge.
   */
  addProblem(
    archive: Blob | ArrayBuffer | Uint8Array,
    options: CallOptions & { cpuMs?: number; wallMs?: number; memoryBytes?: number } = {},
  ): Promise<Problem> {
    const query: Record<string, string> = {};
    if (options.cpuMs !== undefined) query['cpu_ms'] = String(options.cpuMs);
    if (options.wallMs !== undefined) query['wall_ms'] = String(options.wallMs);
    if (options.memoryBytes !== undefined) query['memory_bytes'] = String(options.memoryBytes);
    const headers = { 'content-type': 'application/zip' };
    return this.#connection.json({ method: 'POST', path: '/v1/problems', query, headers, body: archive as Blob, signal: options.signal });
  }

  /** Describes a stored problem. */
  problem(id: string, options: CallOptions = {}): Promise<Problem> {
    return this.#read(problemPath(id), options);
  }

  /** The stored problems; the key needs the scope `admin`. */
  async problems(options: CallOptions = {}): Promise<string[]> {
    return (await this.#read<Schemas['ProblemList']>('/v1/problems', options)).problems;
  }

  /** Removes a stored problem; the key needs the scope `admin`. */
  removeProblem(id: string, { signal }: CallOptions = {}): Promise<Problem> {
    return this.#connection.json({ method: 'DELETE', path: problemPath(id), signal });
  }

  #read<T>(path: string, { signal }: CallOptions): Promise<T> {
    return this.#connection.json({ method: 'GET', path, signal });
  }

  #get(id: string, holdMs: number, signal: AbortSignal | undefined): Promise<Job> {
    return this.#connection.json({ method: 'GET', path: jobPath(id), query: waitQuery(holdMs), holdMs, signal });
  }

  async #untilDone(id: string, deadline: number, { signal, timeoutMs = 0 }: WaitOptions): Promise<Result> {
    for (;;) {
      const [asked, holdMs] = [performance.now(), hold(deadline)];
      const { report } = await this.#get(id, holdMs, signal);
      if (report) return new Result(report);
      const now = performance.now();
      if (now >= deadline) throw new StillRunningError(id, timeoutMs);
      if (now - asked < Math.min(holdMs, UNHELD_MS)) await sleep(UNHELD_MS, signal);
    }
  }

  /** One request's jobs. Under the same key, those that were accepted are not submitted again. */
  async #batch(jobs: readonly JobRequest[], { signal }: CallOptions): Promise<(string | ApiError)[]> {
    const call: Call = { ...posted('/v1/jobs/batch', { jobs }, undefined), signal };
    const attempts = new Attempts(this.#connection.retryForMs);
    for (;;) {
      const answer = await this.#connection.json<Schemas['BatchAnswer']>(call);
      const rows = answer.jobs.map(({ id, error }) => (error ? new ApiError(error) : (id ?? '')));
      const passing = rows.find((row) => row instanceof ApiError && PASSING.has(row.code));
      if (!(passing instanceof ApiError)) return rows;
      try {
        await sleep(attempts.passing(passing), signal);
      } catch (error) {
        if (error !== passing) throw error;
        return rows;
      }
    }
  }
}

function submission(job: JobRequest, holdMs: number, key: string | undefined, signal: AbortSignal | undefined): Call {
  return { ...posted('/v1/jobs', job, key), query: waitQuery(holdMs), holdMs, signal };
}

function posted(path: string, body: unknown, key: string | undefined): Call {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key ?? newKey() };
  return { method: 'POST', path, headers, body: JSON.stringify(body) };
}

/** Unlike any other: no secret. `crypto.randomUUID` is not there in pages of plain HTTP. */
function newKey(): string {
  const part = () => Math.floor(Math.random() * 2 ** 32).toString(16);
  return `${Date.now().toString(16)}-${part()}-${part()}-${part()}`;
}

function jobPath(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

function problemPath(id: string): string {
  return `/v1/problems/${encodeURIComponent(id)}`;
}

function waitQuery(holdMs: number): Record<string, string> {
  return holdMs > 0 ? { wait: `${Math.ceil(holdMs)}ms` } : {};
}

function deadlineOf({ timeoutMs }: WaitOptions): number {
  return timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
}

function hold(deadline: number): number {
  return Math.max(0, Math.min(HOLD_MS, deadline - performance.now()));
}
