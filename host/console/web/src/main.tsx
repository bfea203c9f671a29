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
import { Later } from './parts/later';
import { LanguagesPage } from './pages/languages';
import { Playground } from './pages/playground/playground';
import { SignIn } from './pages/signin';
import { followLinks, NEEDED, place } from './places';
import { strings } from './strings';
import { applyTheme } from './theme';

const isEmbedded = new URLSearchParams(location.search).has('embed');

// What is used less often is loaded when it is.
const pipelinesPage = async () => (await import('./pages/pipelines')).PipelinesPage;
const pipelinePage = async () => (await import('./pages/pipeline')).PipelinePage;
const runPage = async () => (await import('./pages/run')).RunPage;
const schedulesPage = async () => (await import('./pages/schedules')).SchedulesPage;
const schedulePage = async () => (await import('./pages/schedule')).SchedulePage;
const sessionsPage = async () => (await import('./pages/sessions')).SessionsPage;
const sessionPage = async () => (await import('./pages/session')).SessionPage;
const auditPage = async () => (await import('./pages/audit')).AuditPage;
const livePage = async () => (await import('./pages/live')).LivePage;
const problemsPage = async () => (await import('./pages/problems')).ProblemsPage;
const problemPage = async () => (await import('./pages/problem')).ProblemPage;
const pluginsPage = async () => (await import('./pages/plugins')).PluginsPage;
const deadPage = async () => (await import('./pages/dead')).DeadPage;
const keysPage = async () => (await import('./pages/keys')).KeysPage;
const doctorPage = async () => (await import('./pages/doctor')).DoctorPage;

function Page() {
  if (identity.value === undefined) return <p class="empty">{reachable.value ? strings.loading : strings.lost}</p>;
  if (identity.value === null) return <SignIn />;
  const needed = place.value && NEEDED[place.value.name];
  if (needed && !allows(needed)) return <Nothing why={strings.session.forbidden(needed)} />;
  switch (place.value?.name) {
    case '/':
      return <Playground />;
    case '/jobs':
      return <JobsPage query={place.value.query} />;
    case '/jobs/:id':
      return <JobPage key={place.value.id} id={place.value.id} />;
    case '/pipelines':
      return <Later load={pipelinesPage} />;
    case '/pipelines/:id':
      return <Later key={place.value.id} load={pipelinePage} />;
    case '/runs/:id':
      return <Later key={place.value.id} load={runPage} />;
    case '/schedules':
      return <Later load={schedulesPage} />;
    case '/schedules/:id':
      return <Later key={place.value.id} load={schedulePage} />;
    case '/sessions':
      return <Later load={sessionsPage} />;
    case '/sessions/:id':
      return <Later key={place.value.id} load={sessionPage} />;
    case '/audit':
      return <Later load={auditPage} />;
    case '/languages':
      return <LanguagesPage />;
    case '/live':
      return <Later load={livePage} />;
    case '/problems':
      return <Later load={problemsPage} />;
    case '/problems/:id':
      return <Later key={place.value.id} load={problemPage} />;
    case '/plugins':
      return <Later load={pluginsPage} />;
    case '/dead':
      return <Later load={deadPage} />;
    case '/keys':
      return <Later load={keysPage} />;
    case '/doctor':
      return <Later load={doctorPage} />;
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
