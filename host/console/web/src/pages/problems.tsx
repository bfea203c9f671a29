// Problems that jobs may name: stored, looked at, removed.

import { useEffect, useState } from 'preact/hooks';
import { call, send } from '../api/client';
import { mayAdmin, mayProblems } from '../api/session';
import type { components } from '../api/schema';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { Upload } from '../parts/upload';
import { strings } from '../strings';
import { visible } from '../text';

type Problem = components['schemas']['Problem'];
const words = strings.problems;

export function ProblemsPage() {
  const [problems, setProblems] = useState<Problem[]>([]);
  const [isLoaded, setLoaded] = useState(false);
  const [error, setError] = useState<Error>();
  const put = (problem: Problem) => setProblems((before) => [problem, ...before.filter((one) => one.problem !== problem.problem)]);
  useEffect(() => {
    if (mayAdmin.value) all().then(setProblems, setError).finally(() => setLoaded(true));
  }, []);
  const store = async (file: File) => {
    try {
      const answer = await send('POST', '/v1/problems', undefined, { body: file, headers: { 'content-type': 'application/octet-stream' } });
      put((await answer.json()) as Problem);
      setError(undefined);
    } catch (failure) {
      setError(failure as Error);
    }
  };
  const remove = async (problem: Problem) => {
    try {
      await call('DELETE', `/v1/problems/${problem.problem}`);
      setProblems((before) => before.filter((one) => one.problem !== problem.problem));
    } catch (failure) {
      setError(failure as Error);
    }
  };
  return (
    <Page title={words.title} about={words.about}>
      {mayProblems.value && <Upload label={words.store} hint={words.formats} accept=".zip,.xml,.json" take={store} />}
      {error && <Fault error={error} />}
      <div class="card stack">
        {problems.length === 0 && <p class="empty">{isLoaded || !mayAdmin.value ? words.none : strings.loading}</p>}
        {problems.map((problem) => (
          <article key={problem.problem} class="line">
            <div>
              <h2>
                <a href={`/problems/${problem.problem}`}>{visible(problem.name) || problem.problem.slice(0, 19)}</a>
              </h2>
              <p class="muted">{words.facts(problem.format, problem.tests, problem.is_interactive, problem.is_scored)}</p>
              <p class="mono muted">{problem.problem}</p>
              {problem.remarks.map((remark) => (
                <p key={remark}>{visible(remark)}</p>
              ))}
            </div>
            {mayAdmin.value && (
              <div class="actions">
                <button class="danger" onClick={() => void remove(problem)}>
                  {words.remove}
                  <span class="hidden"> {visible(problem.name)}</span>
                </button>
              </div>
            )}
          </article>
        ))}
      </div>
    </Page>
  );
}

/** Only what is shown is asked for: a list of names says little. */
const MOST = 100;

async function all(): Promise<Problem[]> {
  const { problems } = await call<{ problems: string[] }>('GET', '/v1/problems');
  return Promise.all(problems.slice(0, MOST).map((digest) => call<Problem>('GET', `/v1/problems/${digest}`)));
}
