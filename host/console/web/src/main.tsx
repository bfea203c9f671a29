// The console: signs in where that is needed, and shows the page that belongs to the address.

import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import './style/tokens.css';
import './style/base.css';
import './style/report.css';
import './style/playground.css';
import './style/lists.css';
import { lost } from './api/client';
import { arrive } from './api/login';
import { allows, announceSession, identity, reachable, signedOut, signIn, watchSession } from './api/session';
import { Bar } from './parts/bar';
import { JobPage } from './pages/job';
import { JobsPage } from './pages/jobs';
import { Later, type Load } from './parts/later';
import { LanguagesPage } from './pages/languages';
import { Playground } from './pages/playground/playground';
import { SignIn } from './pages/signin';
import { followLinks, NEEDED, place, type Place } from './places';
import { strings } from './strings';
import { applyTheme } from './theme';

const isEmbedded = new URLSearchParams(location.search).has('embed');

// What is used less often is loaded when it is.
const LATER: Partial<Record<Place['name'], Load>> = {
  '/pipelines': async () => (await import('./pages/pipelines')).PipelinesPage,
  '/pipelines/:id': async () => (await import('./pages/pipeline')).PipelinePage,
  '/runs/:id': async () => (await import('./pages/run')).RunPage,
  '/schedules': async () => (await import('./pages/schedules')).SchedulesPage,
  '/schedules/:id': async () => (await import('./pages/schedule')).SchedulePage,
  '/sessions': async () => (await import('./pages/sessions')).SessionsPage,
  '/sessions/:id': async () => (await import('./pages/session')).SessionPage,
  '/audit': async () => (await import('./pages/audit')).AuditPage,
  '/live': async () => (await import('./pages/live')).LivePage,
  '/problems': async () => (await import('./pages/problems')).ProblemsPage,
  '/problems/:id': async () => (await import('./pages/problem')).ProblemPage,
  '/plugins': async () => (await import('./pages/plugins')).PluginsPage,
  '/dead': async () => (await import('./pages/dead')).DeadPage,
  '/keys': async () => (await import('./pages/keys')).KeysPage,
  '/doctor': async () => (await import('./pages/doctor')).DoctorPage,
};

function Page() {
  if (identity.value === undefined) return <p class="empty">{reachable.value ? strings.loading : strings.lost}</p>;
  if (identity.value === null) return <SignIn />;
  const needed = place.value && NEEDED[place.value.name];
  if (needed && !allows(needed)) return <Nothing why={strings.session.forbidden(needed)} />;
  const load = place.value && LATER[place.value.name];
  if (place.value && load) return <Later key={place.value.id} load={load} />;
  switch (place.value?.name) {
    case '/':
      return <Playground />;
    case '/jobs':
      return <JobsPage query={place.value.query} />;
    case '/jobs/:id':
      return <JobPage key={place.value.id} id={place.value.id} />;
    case '/languages':
      return <LanguagesPage />;
    default:
      return <Nothing why={strings.notFound.title} />;
  }
}

function Nothing({ why }: { why: string }) {
  return (
    <div class="center">
      <p>
        {why}. <a href="/">{strings.notFound.back}</a>
      </p>
    </div>
  );
}

function App() {
  useEffect(() => {
    signIn('').then((trouble) => void (wasAway && !trouble && announceSession()), lost);
  }, []);
  return (
    <>
      <a class="hidden skip" href="#main">
        {strings.skip}
      </a>
      {!isEmbedded && <Bar />}
      {!reachable.value && (
        <div class="notice" role="status">
          {strings.lost}
        </div>
      )}
      <main id="main" tabIndex={-1}>
        <Page />
      </main>
    </>
  );
}

applyTheme();
const { wasAway, trouble } = arrive();
signedOut.value = trouble;
followLinks();
watchSession();
document.body.classList.toggle('embedded', isEmbedded);
const root = document.getElementById('app');
if (root) render(<App />, root);
