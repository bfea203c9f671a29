// The playground: write, run, see.

import { useEffect } from 'preact/hooks';
import { maySubmit } from '../../api/session';
import { Fault } from '../../parts/fault';
import { useTitle } from '../../parts/page';
import { askLanguages, failure, languages } from '../../languages';
import { place } from '../../places';
import { strings } from '../../strings';
import { Code } from './code';
import { Inputs } from './inputs';
import { Output } from './output';
import { cancel, isRunning, run } from './run';
import { begin, isStarted, runnable, trouble } from './state';
import { Tools } from './tools';

export function Playground() {
  const asked = place.value?.query.get('lang') ?? null;
  useTitle(strings.playground.title);
  useEffect(() => void askLanguages(), []);
  useEffect(() => {
    if (languages.value) void begin(location.hash, asked);
  }, [languages.value !== undefined, asked]);
  useEffect(() => {
    const again = () => void begin(location.hash, null);
    addEventListener('hashchange', again);
    addEventListener('keydown', shortcut);
    return () => {
      removeEventListener('hashchange', again);
      removeEventListener('keydown', shortcut);
    };
  }, []);
  if (failure.value && !languages.value) return <div class="page"><Fault error={failure.value} /></div>;
  if (!languages.value) return <p class="empty">{strings.playground.loading}</p>;
  if (runnable.value.length === 0) return <p class="empty">{strings.playground.none}</p>;
  return (
    <div class="playground">
      <h1 class="hidden">{strings.playground.title}</h1>
      <Tools />
      <div class="code">
        {trouble.value && <p class="notice">{trouble.value}</p>}
        {isStarted() && <Code />}
        <Inputs />
      </div>
      <Output />
    </div>
  );
}

/** Wherever the cursor is. The editor has a key of its own, since it keeps what is typed in it. */
function shortcut(event: KeyboardEvent) {
  if (!maySubmit.value) return;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
    event.preventDefault();
    void run();
  }
  if (event.key === 'Escape' && event.shiftKey && isRunning.value) void cancel();
}
