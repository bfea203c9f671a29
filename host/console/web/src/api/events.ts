// A job's events as they happen. `EventSource` cannot send a key, so the stream is read by hand.

import { ApiFault, send } from './client';
import type { components } from './schema';

export type JobEvent = components['schemas']['Event'];
export type Message = { id: string; data: string };

/** Takes pieces of a `text/event-stream` apart; each call returns the messages that are whole by then. */
export function messages(): (piece: string) => Message[] {
  let rest = '';
  let [id, data] = ['', [] as string[]];
  return (piece) => {
    const found: Message[] = [];
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (data.length > 0) found.push({ id, data: data.join('\n') });
        data = [];
      } else if (line.startsWith('id:')) {
        id = line.slice(3).trim();
      } else if (line.startsWith('data:')) {
        data.push(line.slice(5).replace(/^ /, ''));
      }
    }
    return found;
  };
}

/** Follows a job to its end, through interruptions. */
export async function follow(job: string, hear: (event: JobEvent) => void, signal: AbortSignal): Promise<void> {
  let last = '';
  while (!signal.aborted) {
    const ended = await listen(job, last, signal, (message) => {
      last = message.id;
      hear(JSON.parse(message.data) as JobEvent);
    }).catch((error: unknown) => {
      if (signal.aborted || !passes(error)) throw error;
    });
    if (ended || last === 'done') return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** A connection that broke, or a server that starts or stops. */
const passes = (error: unknown) => error instanceof TypeError || (error instanceof ApiFault && error.status === 503);

/** Whether the server says that there is nothing more to hear. */
async function listen(job: string, last: string, signal: AbortSignal, hear: (message: Message) => void) {
  const more: RequestInit = { signal, headers: last ? { 'last-event-id': last } : {} };
  const response = await send('GET', `/v1/jobs/${encodeURIComponent(job)}/events`, undefined, more);
  if (response.status === 204 || !response.body) return true;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const take = messages();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return false;
    take(value).forEach(hear);
  }
}
