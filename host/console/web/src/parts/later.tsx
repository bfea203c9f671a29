// A page whose code is fetched when it is opened.

import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { strings } from '../strings';
import { Fault } from './fault';

export function Later({ load }: { load: () => Promise<ComponentType> }) {
  const [page, setPage] = useState<{ of: typeof load; Page: ComponentType }>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    load().then((Page) => setPage({ of: load, Page }), setError);
  }, [load]);
  if (error) return <div class="page"><Fault error={error} /></div>;
  if (page?.of !== load) return <p class="empty">{strings.loading}</p>;
  return <page.Page />;
}
