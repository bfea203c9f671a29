// API keys: made, listed, revoked. What a key's owner has to send is shown once, and is in no list.

import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client';
import type { components } from '../api/schema';
import { identity, signIn, signOut } from '../api/session';
import { ago } from '../format';
import { Confirm } from '../parts/confirm';
import { Fault } from '../parts/fault';
import { copied } from '../parts/menu';
import { Page } from '../parts/page';
import { strings } from '../strings';
import { visible } from '../text';
import { NewKeyForm } from './keys/form';

type ApiKey = components['schemas']['ApiKey'];
type NewKey = components['schemas']['NewKey'];
type KeyRequest = components['schemas']['KeyRequest'];

const words = strings.keys;

export function KeysPage() {
  const [keys, setKeys] = useState<ApiKey[]>();
  const [made, setMade] = useState<NewKey>();
  const [error, setError] = useState<Error>();
  const load = () => call<{ keys: ApiKey[] }>('GET', '/v1/keys').then((list) => setKeys(list.keys), setError);
  useEffect(() => void load(), []);
  const create = async (request: KeyRequest) => {
    try {
      setError(undefined);
      const created = await call<NewKey>('POST', '/v1/keys', request);
      setMade(created);
      // The first key: the server lets nobody in without one any more, so this page goes on with it.
      if (!identity.value?.keys_required) await signIn(created.secret);
      await load();
    } catch (failure) {
      setError(failure as Error);
    }
  };
  const revoke = async (key: ApiKey) => {
    try {
      setError(undefined);
      await call('DELETE', `/v1/keys/${encodeURIComponent(key.id)}`);
      if (made?.key.id === key.id) setMade(undefined);
      if (key.id === identity.value?.key) return signOut(strings.session.revoked);
      await load();
    } catch (failure) {
      setError(failure as Error);
    }
  };
  return (
    <Page title={words.title} about={words.about}>
      <NewKeyForm isFirst={keys?.length === 0} create={create} />
      {made && <Secret made={made} />}
      {error && <Fault error={error} />}
      <div class="card stack">
        {keys?.length === 0 && <p class="empty">{words.none}</p>}
        {keys?.map((key) => <Row key={key.id} of={key} revoke={() => void revoke(key)} />)}
        {!keys && !error && <p class="empty">{strings.loading}</p>}
      </div>
    </Page>
  );
}

function Row({ of, revoke }: { of: ApiKey; revoke: () => void }) {
  const facts = [of.scopes.join(', '), ...words.quotas(of.per_minute, of.per_day, of.outstanding), ago(of.created_at)];
  return (
    <article class="line">
      <div>
        <h2>
          {visible(of.tenant)} <span class="mono muted">{of.id}</span>
        </h2>
        <p class="muted">{facts.join(' · ')}</p>
        {of.id === identity.value?.key && <p>{words.own}</p>}
      </div>
      <div class="actions">
        <Confirm text={words.revoke} of={of.id} act={revoke} />
      </div>
    </article>
  );
}

function Secret({ made }: { made: NewKey }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => setCopied(false), [made]);
  return (
    <section class="card made" aria-label={words.made}>
      <p role="status">{words.once(made.key.tenant)}</p>
      <p class="mono">{made.secret}</p>
      <button onClick={() => void copied(made.secret).then(() => setCopied(true))}>
        <span aria-live="polite">{isCopied ? strings.playground.copied : words.copy}</span>
      </button>
    </section>
  );
}
