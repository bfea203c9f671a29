// The plugins behind the languages: which are loaded, why one is not, what a new one would change, and those that were replaced.

import { useEffect, useState } from 'preact/hooks';
import { call, send, type Plugin, type PluginReview } from '../api/client';
import { mayAdmin } from '../api/session';
import { Fault } from '../parts/fault';
import { Page } from '../parts/page';
import { Upload } from '../parts/upload';
import { strings } from '../strings';
import { visible } from '../text';
import { Review } from './plugins/review';
import { Versions } from './plugins/versions';

const words = strings.plugins;
const TONES = { active: 'good', degraded: 'limit', rejected: 'bad', loading: 'busy' } as const;

/** A plugin that was looked at, and how it is put in. */
type Offer = { review: PluginReview; isBack: boolean; put: (consent: string) => Promise<Plugin>; look: () => Promise<PluginReview> };

export function PluginsPage() {
  const [plugins, setPlugins] = useState<Plugin[]>();
  const [offer, setOffer] = useState<Offer>();
  const [error, setError] = useState<Error>();
  const [said, setSaid] = useState('');
  const load = () => call<{ plugins: Plugin[] }>('GET', '/v1/plugins').then((list) => setPlugins(list.plugins), setError);
  useEffect(() => void load(), []);
  const attempt = async (work: () => Promise<string>) => {
    try {
      setError(undefined);
      setSaid(await work());
    } catch (failure) {
      setSaid('');
      setError(failure as Error);
    }
  };
  const show = (next: Omit<Offer, 'review'>) =>
    attempt(async () => {
      setOffer(undefined);
      const review = await next.look();
      if (review.digest === review.replaces) return words.same(review.id);
      setOffer({ ...next, review });
      return '';
    });
  const upload = (file: File) => {
    // A plugin's file is called as its language is.
    const path = `/v1/plugins/${encodeURIComponent(file.name.replace(/\.wasm$/, ''))}`;
    const more = { body: file, headers: { 'content-type': 'application/wasm' } };
    return show({
      isBack: false,
      look: async () => (await (await send('POST', `${path}/dry-run`, undefined, more)).json()) as PluginReview,
      put: async (consent) => (await (await send('PUT', `${path}?${consent}`, undefined, more)).json()) as Plugin,
    });
  };
  const goBack = (id: string, digest: string) => {
    const path = `/v1/plugins/${encodeURIComponent(id)}`;
    return show({
      isBack: true,
      look: () => call<PluginReview>('GET', `${path}/versions/${digest}`),
      put: (consent) => call<Plugin>('POST', `${path}/rollback?${consent}`),
    });
  };
  const agree = (agreed: Offer) =>
    attempt(async () => {
      const { id, digest, replaces, fields } = agreed.review;
      const before = fields.find((field) => field.name === 'version')?.before[0];
      try {
        const plugin = await agreed.put(new URLSearchParams({ digest, replaces }).toString());
        setOffer(undefined);
        await load();
        return words.taken(id, before, plugin.version ?? '');
      } catch (failure) {
        // Where something else serves by now, the difference is another.
        const review = await agreed.look().catch(() => undefined);
        setOffer(review && { ...agreed, review });
        throw failure;
      }
    });
  const reload = () =>
    attempt(async () => {
      const { changed } = await call<{ changed: boolean }>('POST', '/v1/plugins/reload');
      await load();
      return changed ? words.changed : words.unchanged;
    });
  return (
    <Page title={words.title} about={words.about}>
      {mayAdmin.value && <Upload label={words.upload} hint={words.uploadHint} accept=".wasm" take={upload} />}
      {mayAdmin.value && (
        <p>
          <button onClick={() => void reload()}>{words.reload}</button> <span role="status">{said}</span>
        </p>
      )}
      {error && <Fault error={error} />}
      {offer && (
        <Review key={offer.review.digest} review={offer.review} isBack={offer.isBack} agree={() => agree(offer)} leave={() => setOffer(undefined)} />
      )}
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
              {mayAdmin.value && plugin.id && (
                <Versions key={plugin.digest ?? ''} id={plugin.id} goBack={(digest) => goBack(plugin.id ?? '', digest)} />
              )}
            </div>
            <span class={`badge ${TONES[plugin.state] ?? ''}`}>{words.states[plugin.state] ?? plugin.state}</span>
          </article>
        ))}
        {!plugins && !error && <p class="empty">{strings.loading}</p>}
      </div>
    </Page>
  );
}
