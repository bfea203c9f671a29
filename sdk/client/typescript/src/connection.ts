// Requests to one server: where it is, the key, and how often a request is sent.

import { OptimusError } from './errors.js';
import { Attempts, sleep } from './retry.js';

/** A longer answer means that the server is gone. */
const SLACK_MS = 30_000;

/** Where the server is, and how patient to be with it. */
export interface Options {
  /** An API key or a token. */
  key?: string;
  /** How long a request is repeated that is refused for now, or not answered. Default: a minute. */
  retryForMs?: number;
  /** Another `fetch`, for a proxy or a test. */
  fetch?: typeof fetch;
}

/** A request. */
export interface Call {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string | Blob;
  /** How long the server may hold it. */
  holdMs?: number;
  signal?: AbortSignal | undefined;
}

export class Connection {
  readonly retryForMs: number;
  readonly #headers: Record<string, string>;
  readonly #fetch: typeof fetch;

  constructor(
    readonly base: string,
    options: Options,
  ) {
    if (!/^https?:\/\//.test(base)) throw new TypeError(`the server is \`${base}\`: its URL begins with http:// or https://`);
    const { key } = options;
    if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
      throw new TypeError('`key` is empty or holds a character that no key has: is there a line\'s end in it?');
    }
    this.base = base.replace(/\/+$/, '');
    this.retryForMs = options.retryForMs ?? 60_000;
    this.#headers = { accept: 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
    // Called as a method, the browser's would refuse its `this`.
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** Sends a request, again while that may help, and reads the JSON of its answer. */
  async json<T>(call: Call, attempts = new Attempts(this.retryForMs)): Promise<T> {
    for (;;) {
      const deadline = new Deadline(call.signal, (call.holdMs ?? 0) + SLACK_MS);
      let pause: number;
      try {
        const response = await this.send(call, deadline.signal);
        if (response.ok) return (await response.json()) as T;
        pause = await attempts.refused(response);
      } catch (error) {
        pause = this.lost(error, attempts, call.signal);
      } finally {
        deadline.clear();
      }
      await sleep(pause, call.signal);
    }
  }

  /** Sends a request once. */
  send(call: Call, signal: AbortSignal): Promise<Response> {
    const query = call.query && Object.keys(call.query).length > 0 ? `?${new URLSearchParams(call.query)}` : '';
    const headers = { ...this.#headers, ...call.headers };
    const init: RequestInit = { method: call.method, headers, signal };
    if (call.body !== undefined) init.body = call.body;
    return this.#fetch(this.base + call.path + query, init);
  }

  /** How long to wait after an error of a request: an aborted signal and our own errors are thrown on. */
  lost(error: unknown, attempts: Attempts, signal?: AbortSignal): number {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof OptimusError) throw error;
    return attempts.lost(error);
  }
}

/** A signal that follows another, or fires after a time without news. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #abort = () => this.#controller.abort(this.outer?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly outer: AbortSignal | undefined,
    private readonly ms: number,
  ) {
    if (outer?.aborted) this.#abort();
    outer?.addEventListener('abort', this.#abort, { once: true });
    this.renew();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins to count again. */
  renew(): void {
    clearTimeout(this.#timer);
    const late = () => this.#controller.abort(new Error(`nothing was received for ${this.ms} ms`));
    this.#timer = setTimeout(late, this.ms);
  }

  /** Forgets the time and the other signal. */
  clear(): void {
    clearTimeout(this.#timer);
    this.outer?.removeEventListener('abort', this.#abort);
  }
}
