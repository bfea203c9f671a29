// What stands in the playground: it outlives a visit to another page, and ends with the tab.

import { computed, signal } from '@preact/signals';
import type { Language } from '../../api/client';
import { first, languages, ready, sampleSource } from '../../languages';
import type { File, Program } from '../../program';
import { unlink } from '../../share';
import { strings } from '../../strings';

const EMPTY: Program = { language: '', files: [], args: '', stdin: '', collect: '', tests: [] };

export const program = signal<Program>(EMPTY);
/** The file that is shown. */
export const current = signal(0);
/** Changes when the files come from elsewhere than the editor, which then opens them. */
export const opened = signal(0);
export const trouble = signal('');
export const vim = signal(false);

export const language = computed(() => languages.value?.find((one) => one.id === program.value.language));
export const runnable = computed(() => languages.value?.filter(ready) ?? []);
export const isStarted = () => program.value.language !== '';

export const change = (part: Partial<Program>) => (program.value = { ...program.value, ...part });

export function changeFile(at: number, part: Partial<File>) {
  change({ files: program.value.files.map((file, index) => (index === at ? { ...file, ...part } : file)) });
}

/** Puts a program in the place of the one that is there. */
export function open(next: Program) {
  program.value = next;
  current.value = 0;
  opened.value += 1;
}

/** The sample of a language; input, arguments and tests stay. */
export function openSample(chosen: Language, name?: string) {
  const sample = chosen.samples?.find((one) => name === undefined || one.name === name);
  const path = sample?.path ?? `main.${chosen.extensions[0] ?? 'txt'}`;
  open({ ...program.value, language: chosen.id, files: [{ path, text: sample ? sampleSource(sample.source) : '' }] });
}

/** Whether the program is still what a sample had. */
export function isUntouched(): boolean {
  const { files } = program.value;
  const [first] = files;
  if (files.length !== 1 || !first) return files.length === 0;
  const samples = language.value?.samples ?? [];
  return first.text.trim() === '' || samples.some((sample) => sampleSource(sample.source) === first.text);
}

/** Another language: its sample where nothing was written yet, and the same text under its own name otherwise. */
export function chooseLanguage(chosen: Language) {
  if (isUntouched()) {
    openSample(chosen);
    return;
  }
  const [first, ...others] = program.value.files;
  const sample = chosen.samples?.[0];
  const path = sample?.path ?? `main.${chosen.extensions[0] ?? 'txt'}`;
  open({ ...program.value, language: chosen.id, files: [{ path, text: first?.text ?? '' }, ...others] });
}

/** What the address asks for: a program in its fragment, or a language. */
export async function begin(fragment: string, wanted: string | null) {
  const shared = await unlink(fragment).catch(() => {
    trouble.value = strings.playground.badLink;
    return undefined;
  });
  if (shared) {
    open(shared);
    if (!language.value) trouble.value = strings.playground.unknownLanguage(shared.language.slice(0, 40));
    return;
  }
  if (isStarted() && !wanted) return;
  const named = wanted && runnable.value.find((one) => one.id === wanted || one.aliases.includes(wanted));
  if (wanted && !named) trouble.value = strings.playground.unknownLanguage(wanted.slice(0, 40));
  const chosen = named || first(languages.value ?? []);
  if (chosen) openSample(chosen);
}
