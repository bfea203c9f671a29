// What the server answers at a path, asked again as long as somebody looks.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../api/client';
import { reachable } from '../api/session';

export type Answer<T> = {
  value: T | undefined;
  error: Error | undefined;
  /** Asks now. */
  again: () => Promise<void>;
  /** Does something, and asks again; or says why it failed, until the next attempt. */
  act: (work: () => Promise<unknown>) => Promise<void>;
};

/** A path that changes is another question: what the one before was answered is forgotten. */
export function useAnswer<T>(path: string, everyMs = 0): Answer<T> {
  const [state, setState] = useState<{ path: string; value?: T; error?: Error }>({ path });
  const [failed, setFailed] = useState<{ path: string; error: Error }>();
  const asked = useRef(path);
  asked.current = path;
  const again = useCallback(async () => {
    // An answer may come after the next question.
    const isCurrent = () => asked.current === path;
    try {
      const value = await call<T>('GET', path);
      if (isCurrent()) setState({ path, value });
    } catch (failure) {
      // A server that is gone is said above all pages.
      if (isCurrent() && reachable.value) setState((before) => ({ ...(before.path === path && before), path, error: failure as Error }));
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
    } catch (failure) {
      return setFailed({ path, error: failure as Error });
    }
    setFailed(undefined);
    await again();
  };
  const mine = state.path === path ? state : { value: undefined, error: undefined };
  return { value: mine.value, error: (failed?.path === path ? failed.error : undefined) ?? mine.error, again, act };
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
  const top = first.value && read(first.value);
  const older = () =>
    void first.act(async () => {
      const page = await call<Page>('GET', `${path}${path.includes('?') ? '&' : '?'}next=${encodeURIComponent(next ?? '')}`);
      // Newer entries will push those of the first page off it.
      setBelow({ path, items: [...(mine?.items ?? top ?? []), ...read(page)], next: page.next });
    });
  const known = new Set(top?.map((one) => one.id));
  const items = top && [...top, ...(mine?.items ?? []).filter((one) => !known.has(one.id))];
  return { ...first, items, older: next ? older : undefined };
}
