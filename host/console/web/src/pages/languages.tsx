// What can be judged here, and what is missing where it cannot.

import { useEffect, useState } from 'preact/hooks';
import { call, type Language, type Plugin } from '../api/client';
import { mayPlugins, maySubmit } from '../api/session';
import { askLanguages, failure, languages, ready } from '../languages';
import { Fault } from '../parts/fault';
import { version } from '../format';
import { Page } from '../parts/page';
import { strings } from '../strings';

const words = strings.languages;

export function LanguagesPage() {
  const [wanted, setWanted] = useState('');
  const [plugins, setPlugins] = useState<Plugin[]>([]);
  useEffect(() => {
    void askLanguages();
    if (mayPlugins.value) void call<{ plugins: Plugin[] }>('GET', '/v1/plugins').then((list) => setPlugins(list.plugins), () => {});
  }, []);
  const all = languages.value ?? [];
  const needle = wanted.trim().toLowerCase();
  const names = (language: Language) => [language.id, language.name, ...language.aliases, ...language.extensions];
  const found = all.filter((language) => needle === '' || names(language).some((name) => name.toLowerCase().includes(needle)));
  const rejected = plugins.filter((plugin) => plugin.error);
  return (
    <Page title={words.title} about={all.length > 0 ? words.count(all.filter(ready).length, all.length) : ''}>
      <div class="filters">
        <label>
          <span>{words.filter}</span>
          <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        </label>
      </div>
      {failure.value && <Fault error={failure.value} />}
      {rejected.map((plugin) => (
        <div key={plugin.file} class="fault">
          <p>{`${plugin.file}: ${plugin.error?.message ?? ''}`}</p>
          {plugin.error?.hint && <p>{plugin.error.hint}</p>}
        </div>
      ))}
      {!languages.value && !failure.value && <p class="empty">{strings.playground.loading}</p>}
      {languages.value && found.length === 0 && <p class="empty">{words.none}</p>}
      <div class="languages">
        {found.toSorted((a, b) => Number(ready(b)) - Number(ready(a))).map((language) => (
          <Card key={language.id} language={language} plugin={plugins.find((plugin) => plugin.id === language.id)} />
        ))}
      </div>
    </Page>
  );
}

function Card({ language, plugin }: { language: Language; plugin: Plugin | undefined }) {
  const { availability } = language;
  const state = { available: words.available, unavailable: words.unavailable, unknown: words.unknown }[availability.state];
  return (
    <article class="card">
      <header>
        <h2>{language.name}</h2>
        <span class={`badge ${availability.state === 'available' ? 'good' : ''}`}>{state}</span>
      </header>
      <dl class="facts">
        {availability.state === 'available' && (
          <>
            <dt>{words.toolchain}</dt>
            <dd title={availability.version}>{version(availability.version)}</dd>
          </>
        )}
        <dt>{words.plugin}</dt>
        <dd>
          {`${language.id} ${language.version}`}
          {plugin?.signed_by && ` · ${words.signed} ${plugin.signed_by}`}
        </dd>
        {language.aliases.length > 0 && (
          <>
            <dt>{words.aliases}</dt>
            <dd>{language.aliases.join(', ')}</dd>
          </>
        )}
      </dl>
      {availability.state === 'unavailable' && (
        <p class="remedy">
          {availability.reason}. {availability.hint}
        </p>
      )}
      {ready(language) && maySubmit.value && (
        <p>
          <a href={`/?lang=${encodeURIComponent(language.id)}`}>
            {words.try}
            <span class="hidden"> {language.name}</span>
          </a>
        </p>
      )}
    </article>
  );
}
