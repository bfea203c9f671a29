// What a program printed, as text nodes.

import type { Excerpt } from '../api/client';
import { strings } from '../strings';
import { bytes, show, text } from '../text';

type Props = { title: string; excerpt: Excerpt; name: string; isError?: boolean };

export function Stream({ title, excerpt, name, isError }: Props) {
  const shown = show(excerpt.content);
  const save = () => download(bytes(excerpt.content) ?? new TextEncoder().encode(text(excerpt.content)), `${name}.bin`);
  return (
    <section class={`stream ${isError ? 'error' : ''}`} aria-label={title}>
      <h2 class="label">{title}</h2>
      <pre tabIndex={0}>{shown.text === '' ? <span class="muted">{strings.report.empty}</span> : shown.text}</pre>
      {(shown.isBinary || shown.cut > 0 || excerpt.truncated) && (
        <p class="note">
          {shown.isBinary && <span>{strings.report.binary}</span>}
          {shown.cut > 0 && <span>{strings.report.cut(shown.cut)}</span>}
          {excerpt.truncated && <span>{strings.report.truncated}</span>}
          <button onClick={save}>{strings.report.download}</button>
        </p>
      )}
    </section>
  );
}

export function download(content: Uint8Array, name: string) {
  // Bytes are offered as bytes: a browser never opens them as a page.
  const url = URL.createObjectURL(new Blob([content as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
