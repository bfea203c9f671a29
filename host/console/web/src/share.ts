// A program in the fragment of a link: nothing is stored anywhere, and a fragment is never sent to a server.

import type { Program } from './program';

const MARK = '#p=';
/** What a fragment may unpack to: a small link can hold a great deal of nothing. */
const MOST = 4 << 20;

export async function link(program: Program, base: string): Promise<string> {
  const { language, files, args, stdin, tests, collect } = program;
  const pairs = [files.map((file) => [file.path, file.text]), args, stdin, tests.map((test) => [test.stdin, test.expect])];
  const plain = JSON.stringify([1, language, ...pairs, ...(collect === '' ? [] : [collect])]);
  const packed = new Blob([plain]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return base + MARK + btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The program of a fragment; `undefined` where it holds none, an error where it is damaged. */
export async function unlink(fragment: string): Promise<Program | undefined> {
  if (!fragment.startsWith(MARK)) return undefined;
  const binary = atob(fragment.slice(MARK.length).replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return program(JSON.parse(await unpacked(bytes)));
}

async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const decoder = new TextDecoder();
  let plain = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return plain + decoder.decode();
    plain += decoder.decode(value, { stream: true });
    if (plain.length > MOST) throw new Error('too large');
  }
}

/** Whoever made the link may have put anything into it. */
function program(value: unknown): Program {
  // Links of versions before `collect` have six parts.
  const [version, language, files, args, stdin, tests, collect = ''] = list(value);
  if (version !== 1) throw new Error('not a program');
  const pair = (entry: unknown) => list(entry).map(string) as [string, string];
  return {
    language: string(language),
    files: list(files).map(pair).map(([path, text]) => ({ path, text: text ?? '' })),
    args: string(args),
    stdin: string(stdin),
    collect: string(collect),
    tests: list(tests).map(pair).map(([stdin, expect]) => ({ stdin, expect: expect ?? '' })),
  };
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error('not a program');
  return value;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new Error('not a program');
  return value;
}
