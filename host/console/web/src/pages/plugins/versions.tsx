// The versions of a plugin that were replaced, asked for when somebody opens them.

import { useState } from 'preact/hooks';
import { call } from '../../api/client';
import type { components } from '../../api/schema';
import { ago, size } from '../../format';
import { Fault } from '../../parts/fault';
import { strings } from '../../strings';
import { visible } from '../../text';

type Version = components['schemas']['ReplacedPlugin'];
const words = strings.plugins;

export function Versions({ id, goBack }: { id: string; goBack: (digest: string) => void }) {
  const [versions, setVersions] = useState<Version[]>();
  const [error, setError] = useState<Error>();
  const open = (isOpen: boolean) => {
    if (!isOpen || versions) return;
    const path = `/v1/plugins/${encodeURIComponent(id)}/versions`;
    call<{ versions: Version[] }>('GET', path).then((list) => setVersions(list.versions), setError);
  };
  return (
    <details class="versions" onToggle={(event) => open(event.currentTarget.open)}>
      <summary>
        {words.earlier}
        <span class="hidden"> {visible(id)}</span>
      </summary>
      {error && <Fault error={error} />}
      {versions?.length === 0 && <p class="muted">{words.noVersions}</p>}
      <ul>
        {versions?.map((version) => (
          <li key={version.digest}>
            <span>
              {visible(words.version(version.version, size(version.bytes), ago(version.replaced_at), version.signed_by))}
              <br />
              <span class="mono muted">{version.digest}</span>
            </span>
            <button onClick={() => goBack(version.digest)}>
              {words.goBack}
              <span class="hidden"> {visible(`${id} ${version.version}`)}</span>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
