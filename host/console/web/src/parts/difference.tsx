// The first line that is not as expected, both ways, with what differs marked.

import type { Difference } from '../api/client';
import { apart, type Parts } from '../difference';
import { strings } from '../strings';
import { show } from '../text';

/** A line longer than this is compared by its beginning only. */
const MOST = 2_000;

export function DifferenceView({ difference }: { difference: Difference }) {
  const { expected, found } = difference;
  if (!expected && !found) return null;
  const [wanted, given] = [expected && show(expected.content, MOST).text, found && show(found.content, MOST).text];
  const [left, right] = apart(wanted ?? '', given ?? '');
  return (
    <section class="difference" aria-label={strings.report.difference}>
      <p class="where">
        {strings.report.difference} · {strings.report.at(difference.line, difference.column)}
      </p>
      <Row kind="expected" parts={wanted === undefined ? undefined : left} />
      <Row kind="found" parts={given === undefined ? undefined : right} />
    </section>
  );
}

function Row({ kind, parts }: { kind: 'expected' | 'found'; parts: Parts | undefined }) {
  return (
    <div class={`row ${kind}`}>
      <span>{strings.report[kind]}</span>
      <pre>
        {parts ? (
          <>
            {parts.same}
            <mark>{parts.other}</mark>
            {parts.tail}
          </>
        ) : (
          <em>{strings.report.end}</em>
        )}
      </pre>
    </div>
  );
}
