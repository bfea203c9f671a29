// The key goes into memory, or into a session of this browser; never where a script could read it later.

import { useEffect, useState } from 'preact/hooks';
import { depart, findLogin, loginLink, loginPath } from '../api/login';
import { signIn, signedOut } from '../api/session';
import { strings } from '../strings';

const words = strings.session;

export function SignIn() {
  const [key, setKey] = useState('');
  const [keeps, setKeeps] = useState(false);
  const [error, setError] = useState('');
  useEffect(() => {
    if (loginPath.value === undefined) void findLogin().catch(() => undefined);
  }, []);
  const provider = self === top && loginPath.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    setError(await signIn(key.trim(), keeps).catch(() => strings.lost));
  };
  const trouble = error || signedOut.value;
  return (
    <div class="center">
      <form class="card signin" onSubmit={submit}>
        <h1>{words.title}</h1>
        {provider && (
          <a class="button primary" href={loginLink(provider)} onClick={depart}>
            {words.provider}
          </a>
        )}
        <p class="muted">{provider ? words.orKey : words.about}</p>
        <label>
          {words.key}
          <input
            type="password"
            name="key"
            autocomplete="off"
            spellcheck={false}
            required
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={keeps} aria-describedby="keeps" onChange={(event) => setKeeps(event.currentTarget.checked)} />
          {words.keep}
        </label>
        <p class="muted" id="keeps">
          {words.keepAbout}
        </p>
        {trouble && (
          <p class="fault" role="alert">
            {trouble}
          </p>
        )}
        <button class={provider ? '' : 'primary'}>{words.submit}</button>
      </form>
    </div>
  );
}
