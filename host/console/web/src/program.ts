// A program in the playground: what is shared, copied and submitted.

import type { JobRequest } from './api/client';

export type File = { path: string; text: string };
export type Test = { stdin: string; expect: string };

export type Program = {
  language: string;
  files: File[];
  /** Arguments as one would type them. */
  args: string;
  stdin: string;
  /** Patterns of files to keep, as one would type them. */
  collect: string;
  /** With none, the program runs once on `stdin`. */
  tests: Test[];
};

/** Words as a shell splits them: by white space, quotes keep it. */
export function words(line: string): string[] {
  const found: string[] = [];
  for (const match of line.matchAll(/(?:"((?:\\.|[^"\\])*)"|'([^']*)'|((?:\\.|[^\s"'\\])+))+/gs)) {
    const plain = match[0].replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs, (_, double?: string, single?: string, escaped?: string) => {
      if (double !== undefined) return double.replace(/\\(["\\$`])/g, '$1');
      return single ?? escaped ?? '';
    });
    found.push(plain);
  }
  return found;
}

export function request(program: Program): JobRequest {
  const [first] = program.files;
  const files = program.files.map(({ path, text }) => ({ path, content: text }));
  const args = words(program.args);
  const collect = words(program.collect);
  const tests = program.tests.map(({ stdin, expect }) => ({ stdin, ...(expect === '' ? {} : { expect }) }));
  const single = program.stdin === '' ? [] : [{ stdin: program.stdin }];
  const all = tests.length > 0 ? tests : single;
  return {
    language: program.language,
    files,
    ...(program.files.length > 1 && first ? { entry: first.path } : {}),
    ...(args.length > 0 ? { args } : {}),
    ...(all.length > 0 ? { tests: all } : {}),
    ...(collect.length > 0 ? { collect } : {}),
  };
}
