// Signing in through the identity provider. The page only links there: it is loaded again when the person comes back, and asks
// the provider for nothing.

import { signal } from '@preact/signals';
import { go } from '../places';
import { strings } from '../strings';

/** The path where a person begins to sign in; `''` where nobody does, `undefined` until the server has said. */
export const loginPath = signal<string | undefined>(undefined);

/** What this tab keeps while it is away: the fragment, which no server hears of. */
const AWAY = 'optimus-away';

/** Each 401 of the server says where people sign in. */
export function learnLogin(answer: Response) {
  loginPath.value = answer.headers.get('optimus-sign-in') ?? '';
}

/** Asks as somebody whom the server does not know. */
export async function findLogin() {
  learnLogin(await fetch('/v1/me', { credentials: 'omit' }));
}

/** Leads to the provider, and back to where the person is now. */
export const loginLink = (path: string) => `${path}?to=${encodeURIComponent(location.pathname + location.search)}`;

export function depart() {
  sessionStorage.setItem(AWAY, location.hash);
}

/** Puts the address right after the way back: whether this tab was away, and why nobody is signed in. */
export function arrive(): { wasAway: boolean; trouble: string } {
  // In a frame nobody signs in this way.
  if (self !== top) return { wasAway: false, trouble: '' };
  const fragment = sessionStorage.getItem(AWAY);
  sessionStorage.removeItem(AWAY);
  const url = new URL(location.href);
  const code = url.searchParams.get('signin');
  if (code !== null) url.searchParams.delete('signin');
  if (fragment && !url.hash) url.hash = fragment;
  if (url.href !== location.href) go(url.pathname + url.search + url.hash, 'replace');
  return { wasAway: fragment !== null, trouble: code === null ? '' : why(code) };
}

function why(code: string): string {
  const words: Record<string, string> = strings.session.failed;
  return words[code] ?? strings.session.failed.provider;
}
