// A cell that has run: its source, what it printed, what it shows, and how it failed.

import type { components } from '../../api/schema';
import { duration } from '../../format';
import { Picture } from '../../parts/files';
import { strings } from '../../strings';
import { bytes, show, visible } from '../../text';

type Cell = components['schemas']['Cell'];
const words = strings.sessions;

export function CellView({ source, cell }: { source: string; cell: Cell }) {
  return (
    <section class="card cell" aria-label={words.cell(cell.number)}>
      <pre class="source">{visible(source)}</pre>
      {cell.stdout !== '' && <Text text={cell.stdout} />}
      {cell.stderr !== '' && <Text text={cell.stderr} tone="warns" />}
      {cell.display.map((shown, at) => (
        <Shown key={at} of={shown} />
      ))}
      {cell.error && <Text text={failure(cell.error)} tone="fails" />}
      <p class="muted">
        {[words.cell(cell.number), words.statuses[cell.status], duration(cell.wall_ms), cell.truncated && words.truncated].filter(Boolean).join(' · ')}
      </p>
    </section>
  );
}

function failure({ ename, evalue, traceback }: NonNullable<Cell['error']>): string {
  return traceback.length > 0 ? traceback.join('\n') : `${ename}: ${evalue}`;
}

/** A picture where there is one, or else text: markup is never made of what programs say. */
function Shown({ of }: { of: Cell['display'][number] }) {
  const png = of['image/png'];
  const text = of['text/plain'];
  if (typeof png === 'string') return <Picture content={bytes({ base64: png }) ?? new Uint8Array()} path={words.figure} />;
  return typeof text === 'string' ? <Text text={text} /> : null;
}

function Text({ text, tone = '' }: { text: string; tone?: string }) {
  const shown = show(text);
  return (
    <pre class={tone} dir="auto" tabIndex={0}>
      {shown.text}
      {shown.cut > 0 && `\n${strings.report.cut(shown.cut)}`}
    </pre>
  );
}
