// The server's languages, asked for once and again while they are being loaded.

import { signal } from '@preact/signals';
import { call, type Language } from './api/client';

export const languages = signal<Language[] | undefined>(undefined);
export const failure = signal<Error | undefined>(undefined);

/** Whether jobs in it are accepted. A server that only takes jobs never asks a toolchain: its workers do. */
export const ready = (language: Language) => language.availability.state !== 'unavailable';

/** How often the server is asked while it still asks its toolchains. */
const TRIES = 40;

let asking = false;

export async function askLanguages() {
  if (asking) return;
  asking = true;
  try {
    for (let tries = 1; ; tries += 1) {
      const answer = await call<{ languages: Language[] }>('GET', '/v1/languages');
      const all = answer.languages.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
      const isSettled = all.length > 0 && all.every((language) => language.availability.state !== 'unknown');
      if (all.length > 0 || tries > TRIES) languages.value = all;
      if (isSettled || tries > TRIES) break;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    failure.value = undefined;
  } catch (error) {
    failure.value = error as Error;
  } finally {
    asking = false;
  }
}

/** A sample without the lines that tell the project's own tests what to expect. */
export const sampleSource = (source: string) => source.replace(/^(?:\S+ optimus: .*\n)+\n*/, '');
