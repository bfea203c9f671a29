// The bar on top: the pages that the caller may use, who is signed in, the theme.

import { lost } from '../api/client';
import { allows, identity, leave } from '../api/session';
import { NEEDED, place } from '../places';
import { strings } from '../strings';
import { nextTheme, theme } from '../theme';
import { Icon, Mark } from './icons';

const LINKS = [
  ['/', strings.nav.playground],
  ['/jobs', strings.nav.jobs],
  ['/pipelines', strings.nav.pipelines],
  ['/schedules', strings.nav.schedules],
  ['/sessions', strings.nav.sessions],
  ['/languages', strings.nav.languages],
  ['/live', strings.nav.live],
  ['/problems', strings.nav.problems],
  ['/plugins', strings.nav.plugins],
  ['/dead', strings.nav.dead],
  ['/audit', strings.nav.audit],
  ['/keys', strings.nav.keys],
  ['/doctor', strings.nav.doctor],
] as const;

/** The list that a page of one thing belongs to: that of its own kind, but for runs. */
const listOf = (path: string) => path.replace('/runs/', '/pipelines/').replace('/:id', '');

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
          {LINKS.filter(([to]) => isAllowed(to)).map(([to, text]) => (
            <a key={to} href={to} aria-current={path && to === listOf(path) ? 'page' : undefined}>
              {text}
            </a>
          ))}
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

/** What a scope forbids is not shown. */
function isAllowed(path: (typeof LINKS)[number][0]) {
  const needed = NEEDED[path];
  return !needed || allows(needed);
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
      <button onClick={() => void leave().catch(lost)}>{strings.session.signOut}</button>
    </>
  );
}
