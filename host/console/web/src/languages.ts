// The server's languages, asked for once and again while they are being loaded.

import { signal } from '@preact/signals';
import { call, type Language } from './api/client';

export const languages = signal<Language[] | undefined>(undefined);
export const failure = signal<Error | undefined>(undefined);

/** Whether jobs in it are accepted. A server that only takes jobs never asks a toolchain: its workers do. */
export const ready = (language: Language) => language.availability.state !== 'unavailable';

/** What the playground begins with: the language that most people read. Before a toolchain was asked, it may be missing. */
export function first(all: Language[]): Language | undefined {
  const works = (language: Language) => language.availability.state === 'available';
  const isPython = (language: Language) => language.id === 'python';
  const able = all.filter(ready);
  return able.find((one) => isPython(one) && works(one)) ?? able.find(works) ?? able.find(isPython) ?? able[0];
}

/** Whether what comes first will not change in a moment: a server that starts asks one toolchain after the other. */
function isSteady(all: Language[]): boolean {
  const chosen = all.find((language) => language.id === 'python') ?? first(all);
  return chosen !== undefined && chosen.availability.state !== 'unknown';
}

/** How often the server is asked while it still asks its toolchains. */
const TRIES = 40;
/** After so many, what is known is shown. */
const PATIENCE = 10;

let asking = false;

export async function askLanguages() {
  if (asking) return;
  asking = true;
  try {
    for (let tries = 1; ; tries += 1) {
      const answer = await call<{ languages: Language[] }>('GET', '/v1/languages');
      const all = answer.languages.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
      const isSettled = all.length > 0 && all.every((language) => language.availability.state !== 'unknown');
      if (isSteady(all) || (all.length > 0 && tries > PATIENCE) || tries > TRIES) languages.value = all;
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
