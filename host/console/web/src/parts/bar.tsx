// The bar on top: the pages that the caller may use, who is signed in, the theme.

import { identity, mayAdmin, mayPlugins, mayProblems, mayRead, signOut } from '../api/session';
import { place } from '../places';
import { strings } from '../strings';
import { nextTheme, theme } from '../theme';
import { Icon, Mark } from './icons';

export function Bar() {
  const who = identity.value;
  const path = place.value?.name;
  return (
    <header class="bar">
      <a class="brand" href="/">
        <Mark />
        {strings.name}
      </a>
      {who && (
        <nav aria-label={strings.nav.label}>
          <Link path="/" text={strings.nav.playground} isCurrent={path === '/'} />
          {mayRead.value && <Link path="/jobs" text={strings.nav.jobs} isCurrent={path === '/jobs' || path === '/jobs/:id'} />}
          <Link path="/languages" text={strings.nav.languages} isCurrent={path === '/languages'} />
          {mayAdmin.value && <Link path="/live" text={strings.nav.live} isCurrent={path === '/live'} />}
          {mayProblems.value && <Link path="/problems" text={strings.nav.problems} isCurrent={path === '/problems'} />}
          {mayPlugins.value && <Link path="/plugins" text={strings.nav.plugins} isCurrent={path === '/plugins'} />}
          {mayAdmin.value && <Link path="/dead" text={strings.nav.dead} isCurrent={path === '/dead'} />}
          <a href="/docs">{strings.nav.reference}</a>
        </nav>
      )}
      <div class="end">
        {who && <Who />}
        <button class="plain" onClick={nextTheme} title={strings.nav.theme[theme.value]}>
          <Icon name={theme.value} />
          <span class="hidden">{strings.nav.theme[theme.value]}</span>
        </button>
      </div>
    </header>
  );
}

function Link({ path, text, isCurrent }: { path: string; text: string; isCurrent: boolean }) {
  return (
    <a href={path} aria-current={isCurrent ? 'page' : undefined}>
      {text}
    </a>
  );
}

function Who() {
  const who = identity.value;
  if (!who?.keys_required) {
    return (
      <span class="who" title={strings.session.none}>
        {strings.session.anyone}
      </span>
    );
  }
  return (
    <>
      <span class="who" title={who.scopes.join(', ')}>
        {who.tenant}
      </span>
      <button onClick={() => signOut()}>{strings.session.signOut}</button>
    </>
  );
}
