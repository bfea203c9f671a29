// The console: signs in where that is needed, and shows the page that belongs to the address.

import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import './style/tokens.css';
import './style/base.css';
import './style/report.css';
import './style/playground.css';
import './style/lists.css';
import { lost } from './api/client';
import { identity, reachable, signIn } from './api/session';
import { Bar } from './parts/bar';
import { JobPage } from './pages/job';
import { JobsPage } from './pages/jobs';
import { Later } from './parts/later';
import { LanguagesPage } from './pages/languages';
import { Playground } from './pages/playground/playground';
import { SignIn } from './pages/signin';
import { followLinks, place } from './places';
import { strings } from './strings';
import { applyTheme } from './theme';

const isEmbedded = new URLSearchParams(location.search).has('embed');

// What operators look at is loaded when they do.
const livePage = async () => (await import('./pages/live')).LivePage;
const problemsPage = async () => (await import('./pages/problems')).ProblemsPage;
const pluginsPage = async () => (await import('./pages/plugins')).PluginsPage;
const deadPage = async () => (await import('./pages/dead')).DeadPage;

function Page() {
  if (identity.value === undefined) return <p class="empty">{reachable.value ? strings.loading : strings.lost}</p>;
  if (identity.value === null) return <SignIn />;
  switch (place.value?.name) {
    case '/':
      return <Playground />;
    case '/jobs':
      return <JobsPage query={place.value.query} />;
    case '/jobs/:id':
      return <JobPage key={place.value.id} id={place.value.id} />;
    case '/languages':
      return <LanguagesPage />;
    case '/live':
      return <Later load={livePage} />;
    case '/problems':
      return <Later load={problemsPage} />;
    case '/plugins':
      return <Later load={pluginsPage} />;
    case '/dead':
      return <Later load={deadPage} />;
    default:
      return <NotFound />;
  }
}

function NotFound() {
  return (
    <div class="center">
      <p>
        {strings.notFound.title}. <a href="/">{strings.notFound.back}</a>
      </p>
    </div>
  );
}

function App() {
  useEffect(() => {
    signIn('').catch(lost);
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
followLinks();
document.body.classList.toggle('embedded', isEmbedded);
const root = document.getElementById('app');
if (root) render(<App />, root);
