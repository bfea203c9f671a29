// Who is signed in. The key is kept in memory only: it ends with the page.

import { computed, signal } from '@preact/signals';
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

export const headers = (): Record<string, string> => (key ? { authorization: `Bearer ${key}` } : {});

export const may = (scope: Scope) => computed(() => identity.value?.scopes.includes(scope) ?? false);
export const maySubmit = may('submit');
export const mayRead = may('read');
export const mayPlugins = may('plugins');
export const mayProblems = may('problems');
export const mayAdmin = may('admin');

/** Asks the server who the caller is; with a key that is not known, says why. */
export async function signIn(candidate: string): Promise<string> {
  const answer = await fetch('/v1/me', { headers: candidate ? { authorization: `Bearer ${candidate}` } : {} });
  if (answer.ok) {
    key = candidate;
    signedOut.value = '';
    identity.value = (await answer.json()) as Identity;
    return '';
  }
  const { error } = (await answer.json()) as components['schemas']['Error'];
  if (answer.status === 401) identity.value ??= null;
  return error.message;
}

export function signOut(why = '') {
  key = '';
  signedOut.value = why;
  identity.value = null;
}
