// JSON as it is stored, for people who read it, and as they write it.

import { strings } from '../strings';
import { visible } from '../text';

export function Json({ title, value }: { title: string; value: unknown }) {
  return (
    <section class="card json" aria-label={title}>
      <h2>{title}</h2>
      <pre tabIndex={0}>{visible(JSON.stringify(value, null, 2))}</pre>
    </section>
  );
}

type FieldProps = { label: string; hint?: string; value: string; rows?: number; set: (text: string) => void };

export function JsonField({ label, hint, value, rows = 6, set }: FieldProps) {
  return (
    <label class="wide">
      <span>
        {label} {hint && <span class="muted">{hint}</span>}
      </span>
      <textarea rows={rows} spellcheck={false} value={value} onInput={(event) => set(event.currentTarget.value)} />
    </label>
  );
}

/** What somebody wrote; the error names the field. Nothing is `undefined`. */
export function parsed(label: string, text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (failure) {
    throw new Error(strings.notJson(label, (failure as Error).message));
  }
}
