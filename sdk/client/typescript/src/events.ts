// A job's events as they happen: server-sent events (HTML standard, 9.2.6).

import { type Call, type Connection, Deadline } from './connection.js';
import { Attempts, sleep } from './retry.js';
import type { Event } from './types.js';

/** The server sends a comment every 15 s. */
const SILENCE_MS = 45_000;

/** Events of one connection after another. */
export class EventReader {
  /** The id of the last event, by which the next connection goes on. */
  lastId: string | undefined;
  #decoder = new TextDecoder();
  #rest = '';
  #data: string[] = [];

  /** Reads on, and yields what is complete. Lines end with LF alone, or after CR: JSON may hold U+2028 as it is. */
  *feed(chunk: Uint8Array): Generator<Event> {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (event) yield event;
    }
  }

  /** Forgets the half of an event that a broken connection left. */
  reconnected(): void {
    this.#decoder = new TextDecoder();
    this.#rest = '';
    this.#data = [];
  }

  #line(line: string): Event | undefined {
    if (line !== '') {
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (name === 'data') this.#data.push(value ?? '');
      if (name === 'id') this.lastId = value ?? '';
      return undefined;
    }
    const data = this.#data.join('\n');
    this.#data = [];
    return data === '' ? undefined : (JSON.parse(data) as Event);
  }
}

/** Yields events until `done`; a broken connection is made again. */
export async function* follow(connection: Connection, path: string, signal?: AbortSignal): AsyncGenerator<Event, void> {
  const [attempts, reader] = [new Attempts(connection.retryForMs), new EventReader()];
  for (;;) {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (reader.lastId !== undefined) headers['last-event-id'] = reader.lastId;
    const call: Call = { method: 'GET', path, headers, signal };
    const deadline = new Deadline(signal, SILENCE_MS);
    let pause: number;
    try {
      const response = await connection.send(call, deadline.signal);
      if (response.status === 204) return;
      if (response.ok) {
        for await (const event of events(response, reader, deadline)) {
          attempts.worked();
          yield event;
          if (event.event === 'done') return;
        }
        pause = attempts.lost(new Error('the stream of events ended before the job'));
      } else {
        pause = await attempts.refused(response);
      }
    } catch (error) {
      pause = connection.lost(error, attempts, signal);
    } finally {
      deadline.clear();
    }
    reader.reconnected();
    await sleep(pause, signal);
  }
}

async function* events(response: Response, reader: EventReader, deadline: Deadline): AsyncGenerator<Event, void> {
  const stream = response.body?.getReader();
  try {
    for (;;) {
      const part = await stream?.read();
      if (!part || part.done) return;
      deadline.renew();
      yield* reader.feed(part.value);
    }
  } finally {
    // Whoever stops listening closes the connection.
    await stream?.cancel().catch(() => undefined);
  }
}
