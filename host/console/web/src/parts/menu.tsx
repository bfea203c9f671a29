// A button that opens a few choices. Escape, a choice and a click elsewhere close it.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons';

type Props = { title: string; children: (close: (said?: string) => void) => ComponentChildren };

export function Menu({ title, children }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [said, setSaid] = useState('');
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const away = (event: Event) => {
      const isKey = event instanceof KeyboardEvent;
      if (isKey ? event.key === 'Escape' : !box.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', away);
    addEventListener('keydown', away);
    return () => {
      removeEventListener('pointerdown', away);
      removeEventListener('keydown', away);
    };
  }, [isOpen]);
  const close = (word = '') => {
    setOpen(false);
    setSaid(word);
    setTimeout(() => setSaid(''), 2000);
    box.current?.querySelector('button')?.focus();
  };
  return (
    <div class="menu" ref={box}>
      <button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Icon name="copy" />
        <span aria-live="polite">{said || title}</span>
      </button>
      {isOpen && <div>{children(close)}</div>}
    </div>
  );
}

/** Into the clipboard: by the modern way, which plain HTTP from another machine does not have, or by the old one. */
export async function copied(text: string) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text).catch(() => copiedBySelection(text));
  } else {
    copiedBySelection(text);
  }
}

function copiedBySelection(text: string) {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'hidden';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
