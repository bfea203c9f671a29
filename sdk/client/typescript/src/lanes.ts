// Many jobs at a time, each yielded as it ends.

import type { ApiError } from './errors.js';
import type { Completed } from './result.js';
import type { JobRequest } from './types.js';

/** A job to submit, the id of one that is submitted already, or why there is none (as `batch` returns it). */
export type Item = JobRequest | string | ApiError;

/** How long to ask for one job while others, which may have ended already, wait for a lane. */
const GLANCE_MS = 1_000;

interface Task {
  index: number;
  item: Item;
}

/** Brings an item to its end, or looks at it for so long (`undefined`: as long as is usual); nothing, if it has not ended. */
export type Look = (task: Task, holdMs: number | undefined) => Promise<Completed | undefined>;

/** The items that no lane has. They are taken from the iterable one at a time, so it may be endless. */
class Tasks {
  #source: AsyncIterator<Item> | Iterator<Item>;
  #exhausted = false;
  #count = 0;
  #again: Task[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(items: Iterable<Item> | AsyncIterable<Item>) {
    this.#source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  }

  /** Takes the next, or nothing. One lane after another: an iterator need not bear more. */
  take(): Promise<Task | undefined> {
    const taken = this.#turn.then(() => this.#next());
    this.#turn = taken.catch(() => undefined);
    return taken;
  }

  /** Returns a job that has not ended: others are asked for before it is again. */
  putBack(task: Task): void {
    this.#again.push(task);
  }

  /** How long to look at the task that was taken. */
  get holdMs(): number | undefined {
    return this.#exhausted && this.#again.length === 0 ? undefined : GLANCE_MS;
  }

  /** Tells the iterator that nothing more is taken. */
  async close(): Promise<void> {
    if (!this.#exhausted) await this.#source.return?.();
  }

  async #next(): Promise<Task | undefined> {
    if (!this.#exhausted) {
      const { done, value } = await this.#source.next();
      if (!done) return { index: this.#count++, item: value };
      this.#exhausted = true;
    }
    return this.#again.shift();
  }
}

/** Yields what ends, until nothing is left. A lane takes its next item when its result is taken. */
export async function* completed(
  items: Iterable<Item> | AsyncIterable<Item>,
  lanes: number,
  look: Look,
): AsyncGenerator<Completed, void> {
  const tasks = new Tasks(items);
  type End = { lane: number; done: Completed | undefined };
  const running = new Map<number, Promise<End>>();
  const go = async (lane: number): Promise<End> => {
    for (let task = await tasks.take(); task; task = await tasks.take()) {
      const done = await look(task, tasks.holdMs);
      if (done) return { lane, done };
      tasks.putBack(task);
    }
    return { lane, done: undefined };
  };
  const start = (lane: number) => {
    const end = go(lane);
    // It is thrown where it is awaited, if that is to happen.
    end.catch(() => undefined);
    running.set(lane, end);
  };
  for (let lane = 0; lane < Math.max(1, lanes); lane += 1) start(lane);
  try {
    while (running.size > 0) {
      const { lane, done } = await Promise.race(running.values());
      running.delete(lane);
      if (done) {
        start(lane);
        yield done;
      }
    }
  } finally {
    await tasks.close();
  }
}
