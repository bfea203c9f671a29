// Which grammar colours a file, by the end of its name. Each is loaded when the first such file is opened.

import { StreamLanguage, type StreamParser } from '@codemirror/language';
import type { Extension } from '@codemirror/state';

type Load = () => Promise<Extension>;

const stream = <T>(parser: StreamParser<T>): Extension => StreamLanguage.define(parser);

const shell: Load = async () => stream((await import('@codemirror/legacy-modes/mode/shell')).shell);
const python: Load = async () => (await import('@codemirror/lang-python')).python();
const lisp: Load = async () => stream((await import('@codemirror/legacy-modes/mode/commonlisp')).commonLisp);
const scheme: Load = async () => stream((await import('@codemirror/legacy-modes/mode/scheme')).scheme);
const clike = (name: 'c' | 'cpp' | 'java' | 'csharp' | 'kotlin' | 'objectiveC' | 'scala' | 'dart'): Load => async () =>
  stream((await import('@codemirror/legacy-modes/mode/clike'))[name]);

const GRAMMARS: [string, Load][] = [
  ['py pypy', python],
  ['c h', clike('c')],
  ['cpp cc cxx c++ hpp', clike('cpp')],
  ['js mjs cjs', async () => stream((await import('@codemirror/legacy-modes/mode/javascript')).javascript)],
  ['ts', async () => stream((await import('@codemirror/legacy-modes/mode/javascript')).typescript)],
  ['java', clike('java')],
  ['rs', async () => stream((await import('@codemirror/legacy-modes/mode/rust')).rust)],
  ['go', async () => stream((await import('@codemirror/legacy-modes/mode/go')).go)],
  ['sh bash dash zsh ksh fish', shell],
  ['lisp cl lsp', lisp],
  ['scm ss chez chicken gambit', scheme],
  ['cs', clike('csharp')],
  ['kt', clike('kotlin')],
  ['m', clike('objectiveC')],
  ['scala', clike('scala')],
  ['dart', clike('dart')],
  ['rb cr', async () => stream((await import('@codemirror/legacy-modes/mode/ruby')).ruby)],
  ['lua', async () => stream((await import('@codemirror/legacy-modes/mode/lua')).lua)],
  ['pl pm', async () => stream((await import('@codemirror/legacy-modes/mode/perl')).perl)],
  ['hs', async () => stream((await import('@codemirror/legacy-modes/mode/haskell')).haskell)],
  ['ml mli', async () => stream((await import('@codemirror/legacy-modes/mode/mllike')).oCaml)],
  ['pas pp', async () => stream((await import('@codemirror/legacy-modes/mode/pascal')).pascal)],
  ['f90 f95 f03 f', async () => stream((await import('@codemirror/legacy-modes/mode/fortran')).fortran)],
  ['d', async () => stream((await import('@codemirror/legacy-modes/mode/d')).d)],
  ['erl', async () => stream((await import('@codemirror/legacy-modes/mode/erlang')).erlang)],
  ['clj', async () => stream((await import('@codemirror/legacy-modes/mode/clojure')).clojure)],
  ['tcl', async () => stream((await import('@codemirror/legacy-modes/mode/tcl')).tcl)],
  ['sql', async () => stream((await import('@codemirror/legacy-modes/mode/sql')).sqlite)],
  ['r R', async () => stream((await import('@codemirror/legacy-modes/mode/r')).r)],
  ['cob cbl', async () => stream((await import('@codemirror/legacy-modes/mode/cobol')).cobol)],
  ['fs fth 4th', async () => stream((await import('@codemirror/legacy-modes/mode/forth')).forth)],
  ['asm nasm', async () => stream((await import('@codemirror/legacy-modes/mode/gas')).gas)],
  ['jl', async () => stream((await import('@codemirror/legacy-modes/mode/julia')).julia)],
];

const BY_END = new Map(GRAMMARS.flatMap(([ends, load]) => ends.split(' ').map((end) => [end, load] as const)));

export const grammar = (path: string): Load | undefined => BY_END.get(path.split('.').at(-1) ?? '');
