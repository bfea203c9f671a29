// The key goes into memory, and nowhere else.

import { useState } from 'preact/hooks';
import { signIn, signedOut } from '../api/session';
import { strings } from '../strings';

export function SignIn() {
  const [key, setKey] = useState('');
  const [error, setError] = useState('');
  const submit = async (event: Event) => {
    event.preventDefault();
    setError(await signIn(key.trim()).catch(() => strings.lost));
  };
  const trouble = error || signedOut.value;
  return (
    <div class="center">
      <form class="card signin" onSubmit={submit}>
        <h1>{strings.session.title}</h1>
        <p class="muted">{strings.session.about}</p>
        <label>
          {strings.session.key}
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
        {trouble && (
          <p class="fault" role="alert">
            {trouble}
          </p>
        )}
        <button class="primary">{strings.session.submit}</button>
      </form>
    </div>
  );
}
