// The frame of a page: its title, in its header and as the window's, and a line about it.

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { strings } from '../strings';

export function Page({ title, about, children }: { title: string; about?: string; children: ComponentChildren }) {
  useTitle(title);
  return (
    <div class="page">
      <header>
        <h1>{title}</h1>
        {about && <span class="muted">{about}</span>}
      </header>
      {children}
    </div>
  );
}

/** Names the window after what it shows. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · ${strings.name}`;
  }, [title]);
}
