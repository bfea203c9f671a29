// What a plugin would change, before and after, and the consent to it.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { PluginReview } from '../../api/client';
import { strings } from '../../strings';
import { visible } from '../../text';

const words = strings.plugins;
type Field = PluginReview['fields'][number];
type Props = { review: PluginReview; isBack: boolean; agree: () => Promise<void>; leave: () => void };

export function Review({ review, isBack, agree, leave }: Props) {
  const [isBusy, setBusy] = useState(false);
  const title = useRef<HTMLHeadingElement>(null);
  // What appears is where the user goes on.
  useEffect(() => title.current?.focus(), []);
  const isNew = review.replaces === 'none';
  const changed = review.fields.filter((field) => field.before.join('\n') !== field.after.join('\n'));
  const same = review.fields.filter((field) => !changed.includes(field));
  const version = review.fields.find((field) => field.name === 'version');
  const asksForMore = changed.some((field) => field.asks_for_more);
  const press = async () => {
    setBusy(true);
    await agree().finally(() => setBusy(false));
  };
  return (
    <section class="card review" aria-label={words.review}>
      <h2 ref={title} tabIndex={-1}>
        {visible(words.reviewed(review.id, version?.before[0], version?.after[0] ?? ''))}
      </h2>
      {isNew && <p>{words.isNew}</p>}
      {asksForMore && <p class="more">{words.asksForMore}</p>}
      {review.notes.map((note) => (
        <p key={note} class="more">
          {visible(note)}
        </p>
      ))}
      <Fields fields={changed} caption={words.difference} />
      {same.length > 0 && (
        <details>
          <summary>{words.sameFields(same.length)}</summary>
          <Fields fields={same} caption={words.unchangedFields} />
        </details>
      )}
      <p class="muted">{words.plansAreCode}</p>
      <div class="actions">
        <button class="primary" disabled={isBusy} onClick={() => void press()}>
          {isBack ? words.agreeBack : words.agree}
        </button>
        <button onClick={leave}>{words.leave}</button>
      </div>
    </section>
  );
}

function Fields({ fields, caption }: { fields: Field[]; caption: string }) {
  return (
    <table>
      <caption class="hidden">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{words.field}</th>
          <th scope="col">{words.before}</th>
          <th scope="col">{words.after}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field) => (
          <tr key={field.name}>
            <th scope="row">
              {words.fields[field.name] ?? field.name}
              {field.asks_for_more && <span class="badge limit">{words.more}</span>}
            </th>
            <td>
              <Lines lines={field.before} others={field.after} />
            </td>
            <td>
              <Lines lines={field.after} others={field.before} isAfter />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What is on one side only is marked. */
function Lines({ lines, others, isAfter = false }: { lines: string[]; others: string[]; isAfter?: boolean }) {
  const Mark = isAfter ? 'ins' : 'del';
  if (lines.length === 0) return <span class="muted">{words.nothing}</span>;
  return (
    <ul>
      {lines.map((line, at) => (
        <li key={`${at} ${line}`}>{others.includes(line) ? visible(line) : <Mark>{visible(line)}</Mark>}</li>
      ))}
    </ul>
  );
}
