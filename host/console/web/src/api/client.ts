// Requests to the public API: the console has no other.

import { headers, identity, reachable, signIn, signOutUnknown } from './session';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Job = Schemas['Job'];
export type JobList = Schemas['JobList'];
export type JobRequest = Schemas['JobRequest'];
export type JobSummary = Schemas['JobSummary'];
export type Language = Schemas['Language'];
export type Report = Schemas['Report'];
export type TestReport = Schemas['TestReport'];
export type Diagnostic = Schemas['Diagnostic'];
export type Excerpt = Schemas['Excerpt'];
export type Content = Schemas['Content'];
export type Difference = Schemas['Difference'];
export type CollectedFile = Schemas['CollectedFile'];
export type Verdict = Schemas['Verdict'];
export type Plugin = Schemas['Plugin'];
export type PluginReview = Schemas['PluginReview'];

/** What the server answers instead of what was asked for. */
export class ApiFault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body);
  // Without content there is nothing to read.
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function send(method: string, path: string, body?: unknown, more: RequestInit = {}): Promise<Response> {
  const sent: RequestInit = { ...more, method, headers: { ...headers(), ...(more.headers as Record<string, string>) } };
  if (body !== undefined) {
    sent.body = JSON.stringify(body);
    (sent.headers as Record<string, string>)['content-type'] = 'application/json';
  }
  const response = await fetch(path, sent).catch((error: unknown) => {
    if (!more.signal?.aborted) lost();
    throw error;
  });
  if (response.ok) return response;
  throw await fault(response);
}

async function fault(response: Response): Promise<ApiFault> {
  const answer = (await response.json().catch(() => null)) as Schemas['Error'] | null;
  const { code = 'http', message = `HTTP ${response.status}`, hint = '' } = answer?.error ?? {};
  if (response.status === 401 && identity.value) signOutUnknown(identity.value);
  return new ApiFault(response.status, code, message, hint);
}

/** Asks again each second until the server is back; then pages that were waiting go on by themselves. */
export function lost() {
  if (!reachable.value) return;
  reachable.value = false;
  const again = setInterval(async () => {
    const alive = await fetch('/healthz').then((answer) => answer.ok, () => false);
    if (!alive) return;
    clearInterval(again);
    reachable.value = true;
    if (!identity.value) await signIn('');
  }, 1000);
}
