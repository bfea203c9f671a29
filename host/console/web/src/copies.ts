// The same request for other clients: a shell, Python, or a directory for `optimus run`.

import { request, words, type Program } from './program';

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function curl(program: Program, origin: string): string {
  const body = JSON.stringify(request(program), null, 2);
  return `curl ${quoted(`${origin}/v1/jobs?wait=60s`)} \\\n  -H 'content-type: application/json' \\\n  -d ${quoted(body)}\n`;
}

export function python(program: Program, origin: string): string {
  return [
    'import json',
    'from urllib.request import Request, urlopen',
    '',
    `job = json.loads(${JSON.stringify(JSON.stringify(request(program)))})`,
    `request = Request(${JSON.stringify(`${origin}/v1/jobs?wait=60s`)}, json.dumps(job).encode(), {"content-type": "application/json"})`,
    '# With keys: request.add_header("authorization", "Bearer opt_…")',
    'with urlopen(request) as answer:',
    '    report = json.load(answer)["report"]',
    'print(report["verdict"])',
    'for test in report["tests"]:',
    '    print(test["name"], test["verdict"], test["stdout"]["content"])',
    '',
  ].join('\n');
}

/** A script that writes the program and its tests, and judges them without a server. */
export function directory(program: Program): string {
  const folders = new Set(program.files.map(({ path }) => path.split('/').slice(0, -1).join('/')).filter(Boolean));
  const write = (path: string, text: string) => `printf %s ${quoted(text)} > ${quoted(path)}`;
  const tests = program.tests.filter((test) => test.expect !== '');
  const args = words(program.args);
  const patterns = words(program.collect).map((pattern) => `--collect ${quoted(pattern)}`);
  const files = patterns.length > 0 ? [...patterns, '--into files'] : [];
  const given = [...files, ...(tests.length > 0 ? ['--tests tests'] : []), ...(args.length > 0 ? ['--', ...args.map(quoted)] : [])];
  const lines = [
    'set -e',
    ...[...folders].map((folder) => `mkdir -p ${quoted(folder)}`),
    ...program.files.map(({ path, text }) => write(path, text)),
    ...(tests.length > 0 ? ['mkdir -p tests'] : []),
    ...tests.flatMap(({ stdin, expect }, at) => [write(`tests/${at + 1}.in`, stdin), write(`tests/${at + 1}.out`, expect)]),
    ['optimus run', ...program.files.map(({ path }) => quoted(path)), '--language', quoted(program.language), ...given].join(' '),
  ];
  return `${lines.join('\n')}\n`;
}
