// The files and the editor. Until the editor is loaded, the text itself is shown.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Editor } from '../../editor/editor';
import { Icon } from '../../parts/icons';
import { strings } from '../../strings';
import { diagnostics, run } from './run';
import { change, changeFile, current, language, opened, program, vim } from './state';

const words = strings.playground;
let editor: Editor | undefined;

/** Shows a place in the source, if its file is there. */
export function showPlace(path: string, line: number, column: number) {
  const at = program.value.files.findIndex((file) => file.path === path);
  if (at < 0) return;
  current.value = at;
  setTimeout(() => editor?.show(line, column));
}

export function Code() {
  const parent = useRef<HTMLDivElement>(null);
  const [isReady, setReady] = useState(false);
  const file = program.value.files[current.value];
  useEffect(() => {
    let made: Editor | undefined;
    let isGone = false;
    void import('../../editor/editor').then((module) => {
      if (isGone || !parent.current) return;
      made = new module.Editor(parent.current, {
        change: (text) => changeFile(current.value, { text }),
        run: () => void run(),
      });
      editor = made;
      setReady(true);
    });
    return () => {
      isGone = true;
      made?.destroy();
      editor = undefined;
    };
  }, []);
  useEffect(() => {
    const { path = '', text = '' } = program.value.files[current.value] ?? {};
    void editor?.open(path, text, vim.value);
  }, [isReady, opened.value, current.value, file?.path]);
  useEffect(() => void editor?.setVim(vim.value), [vim.value, isReady]);
  useEffect(() => {
    editor?.mark(diagnostics.value.filter((one) => one.path === program.value.files[current.value]?.path));
  }, [diagnostics.value, current.value, isReady]);
  return (
    <>
      <Tabs />
      <div class="surface">
        {!isReady && <pre class="first">{file?.text}</pre>}
        <div ref={parent} hidden={!isReady} class="editor" />
      </div>
    </>
  );
}

function Tabs() {
  const { files } = program.value;
  const [renamed, rename] = useState(-1);
  const add = () => {
    const end = language.value?.extensions[0] ?? 'txt';
    const taken = new Set(files.map((file) => file.path));
    let number = files.length;
    while (taken.has(`part${number}.${end}`)) number += 1;
    change({ files: [...files, { path: `part${number}.${end}`, text: '' }] });
    current.value = files.length;
    rename(files.length);
  };
  const remove = (at: number) => {
    change({ files: files.filter((_, index) => index !== at) });
    current.value = Math.min(current.value, files.length - 2);
    opened.value += 1;
  };
  return (
    <div class="tabs" role="group" aria-label={words.files}>
      {files.map((file, at) => (
        <div key={at} class={`tab ${at === current.value ? 'current' : ''}`}>
          {renamed === at ? (
            <Name path={file.path} done={(path) => (changeFile(at, { path }), rename(-1))} />
          ) : (
            <button
              aria-pressed={at === current.value}
              onClick={() => (current.value = at)}
              onDblClick={() => rename(at)}
              onKeyDown={(event) => event.key === 'F2' && rename(at)}
            >
              {file.path}
            </button>
          )}
          {files.length > 1 && (
            <button class="icon-only" aria-label={words.closeFile(file.path)} onClick={() => remove(at)}>
              <Icon name="cross" />
            </button>
          )}
        </div>
      ))}
      <button class="icon-only" aria-label={words.newFile} title={words.newFile} onClick={add}>
        <Icon name="plus" />
      </button>
    </div>
  );
}

function Name({ path, done }: { path: string; done: (path: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  return (
    <input
      ref={field}
      aria-label={words.renameFile}
      value={path}
      onBlur={(event) => done(event.currentTarget.value.trim() || path)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
        if (event.key === 'Escape') done(path);
      }}
    />
  );
}
