// The bar above the editor: language, sample, sharing, and the button that runs.

import { useState } from 'preact/hooks';
import { maySubmit } from '../../api/session';
import { copied, Menu } from '../../parts/menu';
import { Icon } from '../../parts/icons';
import { curl, directory, python } from '../../copies';
import { version } from '../../format';
import { link } from '../../share';
import { strings } from '../../strings';
import { cancel, isRunning, run } from './run';
import { chooseLanguage, language, openSample, program, runnable, trouble, vim } from './state';

const words = strings.playground;

export function Tools() {
  const chosen = language.value;
  const availability = chosen?.availability;
  const choose = (id: string) => {
    const next = runnable.value.find((one) => one.id === id);
    trouble.value = '';
    if (next) chooseLanguage(next);
  };
  return (
    <div class="tools">
      <select aria-label={words.language} value={program.value.language} onChange={(event) => choose(event.currentTarget.value)}>
        {!chosen && <option value={program.value.language}>{program.value.language}</option>}
        {runnable.value.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
      {availability?.state === 'available' && (
        <span class="version" title={availability.version}>
          {version(availability.version)}
        </span>
      )}
      {chosen && <Samples />}
      <div class="end">
        <ShareButton />
        <CopyMenu />
        {isRunning.value ? (
          <button class="danger" onClick={() => void cancel()}>
            <Icon name="stop" />
            {words.cancel}
          </button>
        ) : (
          <button class="primary" disabled={!maySubmit.value || !chosen} onClick={() => void run()}>
            <Icon name="play" />
            {words.run}
            <kbd>Ctrl ⏎</kbd>
          </button>
        )}
      </div>
    </div>
  );
}

function Samples() {
  const chosen = language.value;
  if (!chosen?.samples?.length) return null;
  return (
    <select
      aria-label={words.sample}
      value=""
      onChange={(event) => {
        openSample(chosen, event.currentTarget.value);
        event.currentTarget.value = '';
      }}
    >
      <option value="">{words.sample}</option>
      {chosen.samples.map((sample) => (
        <option key={sample.name} value={sample.name}>
          {sample.name.replaceAll('_', ' ')}
        </option>
      ))}
    </select>
  );
}

function ShareButton() {
  const [isDone, setDone] = useState(false);
  const share = async () => {
    const url = await link(program.value, `${location.origin}/`);
    history.replaceState(null, '', url);
    await copied(url);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return (
    <button onClick={() => void share()}>
      <Icon name="link" />
      <span aria-live="polite">{isDone ? words.shared : words.share}</span>
    </button>
  );
}

function CopyMenu() {
  const ways = { curl, python, directory };
  return (
    <Menu title={words.copy}>
      {(close) => (
        <>
          {(Object.keys(ways) as (keyof typeof ways)[]).map((way) => (
            <button
              key={way}
              onClick={() => {
                void copied(ways[way](program.value, location.origin));
                close(words.copied);
              }}
            >
              {words.copies[way]}
            </button>
          ))}
          <label>
            <input type="checkbox" checked={vim.value} onChange={(event) => (vim.value = event.currentTarget.checked)} />
            {words.vim}
          </label>
        </>
      )}
    </Menu>
  );
}
