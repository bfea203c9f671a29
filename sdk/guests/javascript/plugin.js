// Lua 5.4, planned by JavaScript. A whole engine is in the component; the contract's types are plain objects, what is
// absent is left out or null, and what is thrown is the `error` of a `result`.

const EXTENSION = '.lua';

export const language = {
  describe: () => ({
    id: 'lua-js',
    name: 'Lua 5.4 (planned by JavaScript)',
    version: '1.0.0',
    aliases: [],
    extensions: ['lua'],
    images: ['optimus/lua:5.4'],
    probe: ['lua5.4', '-v'],
    installHint: 'apt-get install lua5.4',
    timeMultiplier: 1,
    memoryMultiplier: 1,
    minimum: limits(),
    optionsSchema: JSON.stringify({
      type: 'object',
      additionalProperties: false,
      properties: { warnings: { type: 'boolean', default: false, description: 'let the program warn' } },
    }),
    judge0Ids: [],
    pistonNames: [],
    samples: [{ name: 'hello', path: 'main.lua', source: 'print("Hello, world!")\n', expect: 'Hello, world!\n' }],
    ext: [],
  }),

  plan(request) {
    const main = request.entry ?? request.files[0]?.path;
    if (main === undefined) throw { tag: 'bad-source', val: 'the job has no file to start with' };
    const others = request.files.map((file) => file.path).filter((path) => path !== main && path.endsWith(EXTENSION));
    const warn = warnings(request.options) ? ['-W'] : [];
    return {
      image: 'optimus/lua:5.4',
      // One step each: the check of a file says nothing of the others.
      compile: [main, ...others].slice(0, 8).map((path) => step('check', ['luac5.4', '-p', arg(path)])),
      run: step('run', ['lua5.4', ...warn, arg(main), ...request.args]),
      comparer: null,
      ext: [],
    };
  },
};

export const classify = {
  diagnostics(outcome) {
    const remark = /^luac5\.4: (.+):(\d+): (.+)$/gm;
    return [...text(outcome.stderrTail).matchAll(remark)].map(([, path, line, message]) => ({
      path: path.replace(/^\.\//, ''),
      line: Number(line),
      column: 0,
      severity: 'error',
      message,
      code: null,
    }));
  },

  refine: (outcome) =>
    outcome.exitCode !== 0 && text(outcome.stderrTail).includes('not enough memory') ? 'memory_limit_exceeded' : null,
};

function warnings(options) {
  const { warnings = false, ...unknown } = JSON.parse(options);
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw { tag: 'bad-options', val: `unknown option \`${name}\`: there is \`warnings\`` };
  if (typeof warnings !== 'boolean') throw { tag: 'bad-options', val: '`warnings` has to be true or false' };
  return warnings;
}

function step(name, argv) {
  return { name, argv, env: [], files: [], collect: [], limits: limits(), ext: [] };
}

/** No wishes: the job's limits are this language's. */
function limits() {
  const none = null;
  return {
    cpuMs: none, wallMs: none, memoryKib: none, outputKib: none,
    processes: none, openFiles: none, fileKib: none, workKib: none,
  };
}

/** A path that no program takes for an option. */
function arg(path) {
  return path.startsWith('-') ? `./${path}` : path;
}

/** UTF-8; where it is something else, or cut, its bytes as they are. Not every engine has a TextDecoder. */
function text(bytes) {
  const raw = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  try {
    return decodeURIComponent(escape(raw));
  } catch {
    return raw;
  }
}
