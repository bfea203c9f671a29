// The plugins behind the languages: which are loaded, why one is not, and a new one put in.

import { useEffect, useState } from 'preact/hooks';
import { call, send, type Plugin } from '../api/client';
import { mayAdmin } from '../api/session';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { Upload } from '../parts/upload';
import { strings } from '../strings';
import { visible } from '../text';

const words = strings.plugins;
const TONES = { active: 'good', degraded: 'limit', rejected: 'bad', loading: 'busy' } as const;

export function PluginsPage() {
  const [plugins, setPlugins] = useState<Plugin[]>();
  const [error, setError] = useState<Error>();
  const [said, setSaid] = useState('');
  const load = () => call<{ plugins: Plugin[] }>('GET', '/v1/plugins').then((list) => setPlugins(list.plugins), setError);
  useEffect(() => void load(), []);
  const attempt = async (work: () => Promise<string>) => {
    try {
      setError(undefined);
      setSaid(await work());
      await load();
    } catch (failure) {
      setSaid('');
      setError(failure as Error);
    }
  };
  const offer = (file: File) =>
    attempt(async () => {
      // A plugin's file is called as its language is.
      const id = file.name.replace(/\.wasm$/, '');
      const before = plugins?.find((one) => one.id === id);
      const answer = await send('PUT', `/v1/plugins/${encodeURIComponent(id)}`, undefined, { body: file, headers: { 'content-type': 'application/wasm' } });
      const plugin = (await answer.json()) as Plugin;
      return words.taken(id, before?.version, plugin.version ?? '', before?.digest === plugin.digest);
    });
  const reload = () =>
    attempt(async () => ((await call<{ changed: boolean }>('POST', '/v1/plugins/reload')).changed ? words.changed : words.unchanged));
  return (
    <Page title={words.title} about={words.about}>
      {mayAdmin.value && (
        <Upload label={words.upload} hint={words.uploadHint} accept=".wasm" take={offer} />
      )}
      {mayAdmin.value && (
        <p>
          <button onClick={() => void reload()}>{words.reload}</button> <span role="status">{said}</span>
        </p>
      )}
      {error && <Fault error={error} />}
      <div class="card stack">
        {plugins?.map((plugin) => (
          <article key={plugin.file} class="line">
            <div>
              <h2>
                {visible(plugin.id ?? plugin.file)} <span class="muted">{plugin.version}</span>
              </h2>
              {plugin.digest && <p class="mono muted">{plugin.digest}</p>}
              {plugin.signed_by && <p class="muted">{`${words.signed} ${plugin.signed_by}`}</p>}
              {plugin.error && (
                <div class="fault">
                  <p>{visible(plugin.error.message)}</p>
                  {plugin.error.hint && <p>{visible(plugin.error.hint)}</p>}
                </div>
              )}
              {plugin.notes?.map((note) => (
                <p key={note} class="muted">
                  {visible(note)}
                </p>
              ))}
            </div>
            <span class={`badge ${TONES[plugin.state] ?? ''}`}>{words.states[plugin.state] ?? plugin.state}</span>
          </article>
        ))}
        {!plugins && !error && <p class="empty">{strings.loading}</p>}
      </div>
    </Page>
  );
}
