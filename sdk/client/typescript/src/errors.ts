// What can go wrong between a program and the server. A program that fails is no error: it is a report.

import type { Fault } from './types.js';

/** Everything that this package throws, but for `TypeError` where an argument is wrong, and the reason of an aborted signal. */
export class OptimusError extends Error {
  override readonly name: string = 'OptimusError';
}

/** The server's refusal: a stable code for programs, a message for people, and mostly a remedy. */
export class ApiError extends OptimusError {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly hint: string | undefined;

  constructor(
    fault: Fault,
    /** The HTTP status; `undefined` for one job of a batch. */
    readonly status?: number,
    /** By which the server's log names the request. */
    readonly requestId?: string,
  ) {
    super(`${fault.code}: ${fault.message}${fault.hint ? ` (${fault.hint})` : ''}`);
    this.code = fault.code;
    this.hint = fault.hint;
  }
}

/** No answer came, in spite of all tries; `cause` is the last failure. */
export class UnreachableError extends OptimusError {
  override readonly name = 'UnreachableError';
}

/** The job has not ended within the caller's `timeoutMs`. It goes on: `wait(error.id)` waits further. */
export class StillRunningError extends OptimusError {
  override readonly name = 'StillRunningError';

  constructor(
    readonly id: string,
    timeoutMs: number,
  ) {
    super(`job ${id} has not ended within ${timeoutMs} ms`);
  }
}

/** Reads the error of an answer that is not a success, or makes one: a proxy's page is not JSON. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const requestId = response.headers.get('x-request-id') ?? undefined;
  return new ApiError(faultIn(text) ?? faultOf(response, text), response.status, requestId);
}

function faultIn(text: string): Fault | undefined {
  try {
    const { code, message, hint } = (JSON.parse(text) as { error: Fault }).error;
    return { code: String(code), message: String(message), ...(hint ? { hint: String(hint) } : {}) };
  } catch {
    return undefined;
  }
}

function faultOf(response: Response, text: string): Fault {
  return { code: `http_${response.status}`, message: text.trim().slice(0, 200) || response.statusText };
}
