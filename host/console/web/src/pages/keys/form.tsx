// What a new key may do, and how much.

import { useEffect, useState } from 'preact/hooks';
import type { components } from '../../api/schema';
import type { Scope } from '../../api/session';
import { strings } from '../../strings';

type KeyRequest = components['schemas']['KeyRequest'];
type Quota = 'per_minute' | 'per_day' | 'outstanding';
type Props = { isFirst: boolean; create: (request: KeyRequest) => Promise<void> };

const words = strings.keys;
const SCOPES: Scope[] = ['submit', 'read', 'problems', 'commands', 'plugins', 'audit', 'admin'];
const QUOTAS: Quota[] = ['per_minute', 'per_day', 'outstanding'];

export function NewKeyForm({ isFirst, create }: Props) {
  const [tenant, setTenant] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['submit', 'read']);
  const [quotas, setQuotas] = useState<Partial<Record<Quota, number>>>({});
  const [isBusy, setBusy] = useState(false);
  // The first key has to let its owner make the next one.
  useEffect(() => {
    if (isFirst) setScopes(SCOPES);
  }, [isFirst]);
  const choose = (scope: Scope, is: boolean) => setScopes(SCOPES.filter((one) => (one === scope ? is : scopes.includes(one))));
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await create({ tenant: tenant.trim(), scopes, ...quotas }).finally(() => setBusy(false));
  };
  return (
    <form class="card form" onSubmit={submit}>
      <h2>{words.create}</h2>
      {isFirst && <p class="muted">{words.first}</p>}
      <label>
        {words.tenant}
        <input value={tenant} required maxLength={64} pattern="[A-Za-z0-9._\-]+" title={words.tenantForm} onInput={(event) => setTenant(event.currentTarget.value)} />
      </label>
      <fieldset>
        <legend>{words.scopes}</legend>
        {SCOPES.map((scope) => (
          <label key={scope} class="check">
            <input type="checkbox" checked={scopes.includes(scope)} onChange={(event) => choose(scope, event.currentTarget.checked)} />
            {words.scope[scope]}
          </label>
        ))}
      </fieldset>
      <div class="quotas">
        {QUOTAS.map((quota) => (
          <label key={quota}>
            {words.quota[quota]}
            <input
              type="number"
              min="1"
              max="4294967295"
              placeholder={words.any}
              onInput={({ currentTarget: { valueAsNumber: most } }) => setQuotas(({ [quota]: _, ...others }) => (most > 0 ? { ...others, [quota]: most } : others))}
            />
          </label>
        ))}
      </div>
      <button class="primary" disabled={isBusy || scopes.length === 0}>
        {words.create}
      </button>
    </form>
  );
}
