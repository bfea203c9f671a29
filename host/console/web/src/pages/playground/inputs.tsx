// What the program is given: one input, or a grid of tests with what it should print.

import { signal } from '@preact/signals';
import { Badge } from '../../parts/report';
import { Icon } from '../../parts/icons';
import { duration } from '../../format';
import type { Test } from '../../program';
import { strings } from '../../strings';
import { phase, tests } from './run';
import { change, program } from './state';

const words = strings.playground;
const choice = signal<'once' | 'tests'>('once');

export function Inputs() {
  const isTests = choice.value === 'tests' || program.value.tests.length > 0;
  const choose = (next: 'once' | 'tests') => {
    choice.value = next;
    if (next === 'once') change({ tests: [] });
    else if (program.value.tests.length === 0) change({ tests: [{ stdin: program.value.stdin, expect: '' }] });
  };
  return (
    <section class="inputs" aria-label={words.inputs}>
      <div class="choice" role="tablist" aria-label={words.inputs}>
        {(['once', 'tests'] as const).map((name) => {
          const isChosen = (name === 'tests') === isTests;
          return (
            <button key={name} role="tab" id={`tab-${name}`} aria-selected={isChosen} aria-controls="inputs" onClick={() => choose(name)}>
              {words[name]}
              {name === 'tests' && program.value.tests.length > 0 && ` (${program.value.tests.length})`}
            </button>
          );
        })}
      </div>
      <div id="inputs" role="tabpanel" aria-labelledby={isTests ? 'tab-tests' : 'tab-once'} class={isTests ? 'grid' : 'once'}>
        {isTests ? <Grid /> : <Once />}
      </div>
    </section>
  );
}

function Once() {
  const { stdin, args } = program.value;
  return (
    <>
      <label>
        <span>{words.stdin}</span>
        <textarea rows={3} spellcheck={false} value={stdin} onInput={(event) => change({ stdin: event.currentTarget.value })} />
      </label>
      <Arguments value={args} />
      <Collect />
    </>
  );
}

function Arguments({ value }: { value: string }) {
  return (
    <label>
      <span>
        {words.args} <i>{words.argsHint}</i>
      </span>
      <input spellcheck={false} value={value} onInput={(event) => change({ args: event.currentTarget.value })} />
    </label>
  );
}

function Collect() {
  return (
    <label>
      <span>
        {words.collect} <i>{words.collectHint}</i>
      </span>
      <input spellcheck={false} value={program.value.collect} onInput={(event) => change({ collect: event.currentTarget.value })} />
    </label>
  );
}

function Grid() {
  const all = program.value.tests;
  const set = (at: number, part: Partial<Test>) =>
    change({ tests: all.map((test, index) => (index === at ? { ...test, ...part } : test)) });
  return (
    <>
      <div class="test heads" aria-hidden="true">
        <span />
        <span>{words.input}</span>
        <span>{words.expected}</span>
        <span>{strings.report.verdict}</span>
        <span />
      </div>
      {all.map((test, at) => (
        <div class="test" key={at}>
          <span class="number">{at + 1}</span>
          <textarea rows={2} spellcheck={false} aria-label={words.testIn(at + 1)} value={test.stdin} onInput={(event) => set(at, { stdin: event.currentTarget.value })} />
          <textarea rows={2} spellcheck={false} aria-label={words.testOut(at + 1)} value={test.expect} onInput={(event) => set(at, { expect: event.currentTarget.value })} />
          <Outcome at={at} />
          <button class="plain icon-only" aria-label={words.removeTest(at + 1)} onClick={() => change({ tests: all.filter((_, index) => index !== at) })}>
            <Icon name="cross" />
          </button>
        </div>
      ))}
      <div>
        <button onClick={() => change({ tests: [...all, { stdin: '', expect: '' }] })}>
          <Icon name="plus" />
          {words.addTest}
        </button>
      </div>
      <Arguments value={program.value.args} />
      <Collect />
    </>
  );
}

function Outcome({ at }: { at: number }) {
  const test = tests.value[at];
  if (phase.value === 'idle' || at >= tests.value.length) return <span class="outcome" />;
  return (
    <span class="outcome">
      {test ? <Badge verdict={test.verdict} /> : <span class="muted">{phase.value === 'done' ? '' : strings.report.waiting}</span>}
      {test && <span class="muted">{duration(test.cpu_ms)}</span>}
    </span>
  );
}
