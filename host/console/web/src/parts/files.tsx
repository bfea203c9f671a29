// Files that a test left: each can be saved, and a picture is shown.

import type { CollectedFile } from '../api/client';
import { useEffect, useState } from 'preact/hooks';
import { size } from '../format';
import { pictureType } from '../picture';
import { strings } from '../strings';
import { bytes, text, visible } from '../text';
import { download } from './stream';

const words = strings.report;

export function Files({ files, message }: { files: CollectedFile[]; message?: string | undefined }) {
  return (
    <section class="stream files" aria-label={words.files}>
      <h2 class="label">{words.files}</h2>
      {message && <p class="reason">{visible(message)}</p>}
      <ul>
        {files.map((file) => (
          <li key={file.path}>
            <File file={file} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function File({ file }: { file: CollectedFile }) {
  const content = contentOf(file);
  const name = file.path.split('/').at(-1) ?? file.path;
  return (
    <>
      <div class="row">
        <span class="mono name">{visible(file.path)}</span>
        <span class="muted">{size(file.bytes)}</span>
        {content && (
          <button aria-label={words.saveFile(visible(file.path))} onClick={() => download(content, name)}>
            {words.save}
          </button>
        )}
      </div>
      {content && <Picture content={content} path={file.path} />}
    </>
  );
}

function contentOf({ content }: CollectedFile): Uint8Array | undefined {
  if (content === undefined) return undefined;
  return bytes(content) ?? new TextEncoder().encode(text(content));
}

/** The picture that the bytes are. In an `img` no script of an SVG runs, and it loads nothing. */
export function Picture({ content, path }: { content: Uint8Array; path: string }) {
  const [url, setUrl] = useState('');
  const type = pictureType(content);
  useEffect(() => {
    if (!type) return;
    const made = URL.createObjectURL(new Blob([content as Uint8Array<ArrayBuffer>], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [path, content.length, type]);
  if (!type || url === '') return null;
  return <img src={url} alt={words.picture(visible(path))} onError={() => setUrl('')} />;
}
