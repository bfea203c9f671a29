// The places of the console: what the address bar says, and which page belongs there.

import { signal } from '@preact/signals';
import type { Scope } from './api/session';

/** `host/console/src/lib.rs` has the same list: the server answers at these. */
export const PLACES = [
  '/',
  '/jobs',
  '/jobs/:id',
  '/pipelines',
  '/pipelines/:id',
  '/runs/:id',
  '/schedules',
  '/schedules/:id',
  '/sessions',
  '/sessions/:id',
  '/languages',
  '/live',
  '/problems',
  '/problems/:id',
  '/plugins',
  '/dead',
  '/audit',
  '/keys',
  '/doctor',
] as const;
type Name = (typeof PLACES)[number];

/** What a caller needs for a page; the API decides, and this only hides what it would refuse. */
export const NEEDED: Partial<Record<Name, Scope>> = {
  '/jobs': 'read',
  '/jobs/:id': 'read',
  '/pipelines': 'read',
  '/pipelines/:id': 'read',
  '/runs/:id': 'read',
  '/schedules': 'read',
  '/schedules/:id': 'read',
  '/sessions': 'read',
  '/sessions/:id': 'read',
  '/live': 'admin',
  '/problems': 'problems',
  '/problems/:id': 'problems',
  '/plugins': 'plugins',
  '/dead': 'admin',
  '/audit': 'audit',
  '/keys': 'admin',
  '/doctor': 'admin',
};

export type Place = { name: Name; id: string; query: URLSearchParams };

export function parse(path: string, search: string): Place | undefined {
  const parts = path.split('/').filter(Boolean);
  const name = PLACES.find((place) => {
    const wanted = place.split('/').filter(Boolean);
    return wanted.length === parts.length && wanted.every((part, at) => part.startsWith(':') || part === parts[at]);
  });
  return name && { name, id: parts[1] ?? '', query: new URLSearchParams(search) };
}

const here = () => parse(location.pathname, location.search);

export const place = signal(typeof location === 'undefined' ? undefined : here());

/** Goes to a path of the console, as a link does. */
export function go(path: string, how: 'push' | 'replace' = 'push') {
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', path);
  place.value = here();
  if (how === 'push') {
    scrollTo(0, 0);
    // A screen reader's user hears where the link led.
    document.querySelector<HTMLElement>('main')?.focus();
  }
}

/** Links inside the console are followed without loading the page again. */
export function followLinks() {
  addEventListener('popstate', () => (place.value = here()));
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest?.('a');
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !plain || link.target || link.origin !== location.origin || link.hash) return;
    if (!parse(link.pathname, link.search)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
