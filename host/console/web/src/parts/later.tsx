// A page whose code is fetched when it is opened. It is given what the address says.

import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { place } from '../places';
import { strings } from '../strings';
import { Fault } from './fault';

type Given = { id: string; query: URLSearchParams };
export type Load = () => Promise<ComponentType<Given>>;

export function Later({ load }: { load: Load }) {
  const [page, setPage] = useState<{ of: Load; Page: ComponentType<Given> }>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    load().then((Page) => setPage({ of: load, Page }), setError);
  }, [load]);
  if (error) return <div class="page"><Fault error={error} /></div>;
  if (page?.of !== load) return <p class="empty">{strings.loading}</p>;
  return <page.Page id={place.value?.id ?? ''} query={place.value?.query ?? new URLSearchParams()} />;
}
