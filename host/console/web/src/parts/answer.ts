// What the server answers at a path, asked again as long as somebody looks.

import { useCallback, useEffect, useState } from 'preact/hooks';
import { call } from '../api/client';
import { reachable } from '../api/session';

export type Answer<T> = {
  value: T | undefined;
  error: Error | undefined;
  /** Asks now. */
  again: () => Promise<void>;
  /** Does something, says why it failed, and asks again. */
  act: (work: () => Promise<unknown>) => Promise<void>;
};

/** A path that changes is another question: what the one before was answered is forgotten. */
export function useAnswer<T>(path: string, everyMs = 0): Answer<T> {
  const [state, setState] = useState<{ path: string; value?: T; error?: Error }>({ path });
  const again = useCallback(async () => {
    try {
      const value = await call<T>('GET', path);
      setState({ path, value });
    } catch (failure) {
      // A server that is gone is said above all pages.
      if (reachable.value) setState((before) => ({ ...(before.path === path && before), path, error: failure as Error }));
    }
  }, [path]);
  useEffect(() => {
    void again();
    if (everyMs === 0) return;
    const timer = setInterval(() => !document.hidden && void again(), everyMs);
    return () => clearInterval(timer);
  }, [again, everyMs]);
  const act = async (work: () => Promise<unknown>) => {
    try {
      await work();
      await again();
    } catch (failure) {
      setState((before) => ({ ...before, error: failure as Error }));
    }
  };
  const mine = state.path === path ? state : { value: undefined, error: undefined };
  return { value: mine.value, error: mine.error, again, act };
}

/** A list that comes page by page, the newest first; what is new on its first page is put on top. */
export type Pages<T> = Answer<unknown> & { items: T[] | undefined; older: (() => void) | undefined };

type Keyed = { id: string };
type Page = { next?: string } & Record<string, unknown>;

/** `name` is the field of a page that holds its entries. */
export function usePages<T extends Keyed>(path: string, name: string, everyMs = 0): Pages<T> {
  const first = useAnswer<Page>(path, everyMs);
  const read = (page: Page) => page[name] as T[];
  const [below, setBelow] = useState<{ path: string; items: T[]; next: string | undefined }>();
  const mine = below?.path === path ? below : undefined;
  const next = mine ? mine.next : first.value?.next;
  const older = () =>
    void first.act(async () => {
      const page = await call<Page>('GET', `${path}${path.includes('?') ? '&' : '?'}next=${encodeURIComponent(next ?? '')}`);
      setBelow({ path, items: [...(mine?.items ?? []), ...read(page)], next: page.next });
    });
  const top = first.value && read(first.value);
  const known = new Set(top?.map((one) => one.id));
  const items = top && [...top, ...(mine?.items ?? []).filter((one) => !known.has(one.id))];
  return { ...first, items, older: next ? older : undefined };
}
