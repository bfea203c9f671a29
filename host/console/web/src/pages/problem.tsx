// A stored problem: what it is judged by, and whether its own submissions get what their author says.

import type { components } from '../api/schema';
import { mayProblems } from '../api/session';
import { duration, size } from '../format';
import { useAnswer } from '../parts/answer';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { strings } from '../strings';
import { visible } from '../text';
import { Verify } from './problem/verify';

type Problem = components['schemas']['Problem'];
const words = strings.problem;

export function ProblemPage({ id }: { id: string }) {
  const { value: problem, error } = useAnswer<Problem>(`/v1/problems/${id}`);
  return (
    <Page title={problem ? visible(problem.name) : words.title}>
      {error && <Fault error={error} />}
      {!problem && !error && <p class="empty">{strings.loading}</p>}
      {problem && (
        <>
          <section class="card" aria-label={words.about}>
            <h2>{words.about}</h2>
            <Facts problem={problem} />
          </section>
          {problem.groups.length > 0 && <Groups problem={problem} />}
          <Tests problem={problem} />
          {mayProblems.value && <Verify key={problem.problem} problem={problem.problem} />}
        </>
      )}
    </Page>
  );
}

function Facts({ problem }: { problem: Problem }) {
  const { limits } = problem;
  const facts: [string, string | undefined][] = [
    [words.digest, problem.problem],
    [words.format, visible(problem.format)],
    [words.kind, strings.problems.facts('', problem.tests, problem.is_interactive, problem.is_scored)],
    [words.cpu, limits.cpu_ms === undefined ? undefined : duration(limits.cpu_ms)],
    [words.wall, limits.wall_ms === undefined ? undefined : duration(limits.wall_ms)],
    [words.memory, limits.memory_bytes === undefined ? undefined : size(limits.memory_bytes)],
    [words.output, limits.output_bytes === undefined ? undefined : size(limits.output_bytes)],
    [words.remarks, problem.remarks.length > 0 ? visible(problem.remarks.join('\n')) : undefined],
  ];
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== undefined).map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

function Groups({ problem }: { problem: Problem }) {
  const count = (name: string) => problem.listed.filter((test) => test.group === name).length;
  const isWhole = problem.listed.length === problem.tests;
  return (
    <section class="card sheet" aria-label={words.groups}>
      <h2>{words.groups}</h2>
      <table>
        <caption class="hidden">{words.groups}</caption>
        <thead>
          <tr>
            <th scope="col">{words.group}</th>
            <th scope="col">{words.points}</th>
            <th scope="col">{words.testsOf}</th>
          </tr>
        </thead>
        <tbody>
          {problem.groups.map((group) => (
            <tr key={group.name}>
              <th scope="row">{visible(group.name)}</th>
              <td>{group.is_sample ? words.sample : (group.points ?? words.sumOfTests)}</td>
              <td>{isWhole ? count(group.name) : words.atLeast(count(group.name))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Tests({ problem }: { problem: Problem }) {
  const more = problem.tests - problem.listed.length;
  return (
    <section class="card sheet" aria-label={words.testsTitle}>
      <h2>{words.testsTitle}</h2>
      <details>
        <summary>{words.count(problem.tests)}</summary>
        <ol class="names">
          {problem.listed.map((test, at) => (
            <li key={at}>{visible([test.name, test.group, test.points !== undefined && words.worth(test.points)].filter(Boolean).join(' · '))}</li>
          ))}
        </ol>
        {more > 0 && <p class="muted">{words.further(more)}</p>}
      </details>
    </section>
  );
}
