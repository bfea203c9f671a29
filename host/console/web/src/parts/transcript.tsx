// What a program and an interactor said to each other, as a conversation.

import type { components } from '../api/schema';
import { strings } from '../strings';
import { show } from '../text';

export function Conversation({ transcript }: { transcript: components['schemas']['Transcript'] }) {
  return (
    <section aria-label={strings.report.transcript}>
      <h2 class="label">{strings.report.transcript}</h2>
      <ol class="turns">
        {transcript.turns.map((turn, at) => (
          <li key={at} class={turn.by}>
            <span class="by">
              {strings.report[turn.by]}
              {turn.process !== undefined && ` ${turn.process}`}
            </span>
            <pre>{show(turn.said).text}</pre>
          </li>
        ))}
      </ol>
      {transcript.truncated && <p class="muted">{strings.report.truncated}</p>}
    </section>
  );
}
