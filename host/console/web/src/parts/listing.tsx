// A list that comes page by page: its entries, that there are none, and a button for older ones.

import type { ComponentChildren } from 'preact';
import { strings } from '../strings';
import type { Pages } from './answer';
import { Fault } from './fault';

type Props<T> = { of: Pages<T>; none: string; row: (entry: T) => ComponentChildren };

export function Listing<T>({ of, none, row }: Props<T>) {
  return (
    <>
      {of.error && <Fault error={of.error} />}
      <div class="card stack">
        {of.items?.length === 0 && <p class="empty">{none}</p>}
        {of.items?.map(row)}
        {!of.items && !of.error && <p class="empty">{strings.loading}</p>}
      </div>
      {of.older && <Older load={of.older} />}
    </>
  );
}

export function Older({ load }: { load: () => void }) {
  return (
    <p>
      <button onClick={load}>{strings.older}</button>
    </p>
  );
}
