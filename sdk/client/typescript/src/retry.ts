// When a request is sent again, and after how long.

import { ApiError, errorOf, UnreachableError } from './errors.js';

/** Refusals for now; 502 and 504 are what proxies say while a server restarts. */
const AGAIN = new Set([429, 502, 503, 504]);
const FIRST_MS = 100;
const LONGEST_MS = 5_000;

/**
 * The failures of one request in a row. Every request of this package may be repeated: a submission carries an idempotency key, and the same
 * problem is stored once.
 */
export class Attempts {
  #since: number | undefined;
  #count = 0;

  constructor(private readonly retryForMs: number) {}

  /** True if the request was sent before. */
  get repeated(): boolean {
    return this.#count > 0;
  }

  /** Forgets the failures. */
  worked(): void {
    this.#since = undefined;
    this.#count = 0;
  }

  /** How long to wait before a refused request is sent again; throws the refusal if it is not. */
  async refused(response: Response): Promise<number> {
    const asked = retryAfterMs(response);
    const wait = asked === undefined ? this.#backoff() : asked + 100 * Math.random();
    if (!AGAIN.has(response.status) || wait > this.#left()) throw await errorOf(response);
    await response.body?.cancel();
    this.#count += 1;
    return wait;
  }

  /** The same for a fault that came in an answer. */
  passing(error: ApiError): number {
    return this.#again(error);
  }

  /** The same for a request that was not answered. */
  lost(cause: unknown): number {
    const why = cause instanceof Error ? String((cause.cause as Error | undefined)?.message ?? cause.message) : String(cause);
    return this.#again(new UnreachableError(`no answer of the server: ${why}`, { cause }));
  }

  #again(error: Error): number {
    const wait = this.#backoff();
    if (wait > this.#left()) throw error;
    this.#count += 1;
    return wait;
  }

  #left(): number {
    const now = performance.now();
    this.#since ??= now;
    return this.#since + this.retryForMs - now;
  }

  #backoff(): number {
    return (0.5 + Math.random() / 2) * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#count, 16));
  }
}

/** `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterMs(response: Response): number | undefined {
  const text = response.headers.get('retry-after');
  if (text === null) return undefined;
  const at = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(at) ? undefined : Math.max(0, at);
}

/** Lets time pass; throws the signal's reason when that is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
  });
}
