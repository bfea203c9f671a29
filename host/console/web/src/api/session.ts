// Who is signed in: with a key that is in this page's memory and ends with it, or with the session of this browser, a cookie
// that no script can read. The tabs of a session tell each other when it begins and ends.

import { computed, signal } from '@preact/signals';
import { strings } from '../strings';
import { learnLogin } from './login';
import type { components } from './schema';

type Identity = components['schemas']['Identity'];
export type Scope = components['schemas']['Scope'];

/** `undefined` until the server has answered, `null` where it wants a key first. */
export const identity = signal<Identity | null | undefined>(undefined);
/** Why somebody who was signed in is so no longer. */
export const signedOut = signal('');
/** Whether the server answers at all. */
export const reachable = signal(true);

let key = '';

/** Other tabs of this browser. Node, which runs the unit tests, would wait for it for ever. */
const tabs = typeof document === 'undefined' ? undefined : new BroadcastChannel('optimus-session');
/** A page that nobody touches looks this often whether its key is still good. */
const LOOK_MS = 20_000;

const bearer = (secret: string): Record<string, string> => (secret ? { authorization: `Bearer ${secret}` } : {});
export const headers = () => bearer(key);

export const allows = (scope: Scope) => identity.value?.scopes.includes(scope) ?? false;
export const may = (scope: Scope) => computed(() => allows(scope));
export const maySubmit = may('submit');
export const mayRead = may('read');
export const mayPlugins = may('plugins');
export const mayProblems = may('problems');
export const mayAdmin = may('admin');

/**
 * Asks the server who the caller is; with a key that is not known, says why. Without a key it is whoever this browser's
 * session says. `keeps` makes a session of the key.
 */
export async function signIn(candidate: string, keeps = false): Promise<string> {
  const [method, path] = keeps ? ['POST', '/v1/session'] : ['GET', '/v1/me'];
  const answer = await fetch(path, { method, headers: bearer(candidate) });
  if (answer.ok) {
    key = keeps ? '' : candidate;
    signedOut.value = '';
    identity.value = (await answer.json()) as Identity;
    if (keeps) announceSession();
    return '';
  }
  const { error } = (await answer.json()) as components['schemas']['Error'];
  if (answer.status === 401) {
    learnLogin(answer);
    identity.value ??= null;
  }
  return error.message;
}

/** What the user asks for: with a session, in every tab. */
export async function leave() {
  if (identity.value?.keys_required && key === '') {
    await fetch('/v1/session', { method: 'DELETE' });
    tabs?.postMessage('out');
  }
  signOut();
}

export function signOut(why = '') {
  key = '';
  signedOut.value = why;
  identity.value = null;
}

/** The server does not know the caller any more. */
export function signOutUnknown(who: Identity) {
  if (!who.keys_required) signOut(strings.session.locked);
  else signOut(who.key?.startsWith('token of ') ? strings.session.ended : strings.session.revoked);
}

/** Tells the other tabs that this browser has a session. */
export const announceSession = () => tabs?.postMessage('in');

/** Notices what happens elsewhere: other tabs, and a key that is revoked while nobody does anything here. */
export function watchSession() {
  tabs?.addEventListener('message', ({ data }) => {
    // A key in memory is its own tab's.
    if (key !== '') return;
    if (data === 'out' && identity.value) signOut(strings.session.elsewhere);
    if (data === 'in') void signIn('').catch(() => undefined);
  });
  const look = () => {
    if (document.visibilityState === 'visible') void lookAgain().catch(() => undefined);
  };
  setInterval(look, LOOK_MS);
  document.addEventListener('visibilitychange', look);
}

async function lookAgain() {
  const before = identity.value;
  if (!before) return;
  const answer = await fetch('/v1/me', { headers: headers() });
  if (identity.value !== before) return;
  if (answer.status === 401) signOutUnknown(before);
  if (answer.ok) {
    const now = (await answer.json()) as Identity;
    // Only a change repaints the pages.
    if (JSON.stringify(now) !== JSON.stringify(before)) identity.value = now;
  }
}
