// A button for what cannot be undone: the first press asks, the second does it.

import { useEffect, useState } from 'preact/hooks';
import { strings } from '../strings';

/** A question that is not answered for so long is taken back. */
const ASKS_MS = 5000;

export function Confirm({ text, of, act }: { text: string; of: string; act: () => void }) {
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (!isAsking) return;
    const timer = setTimeout(() => setAsking(false), ASKS_MS);
    return () => clearTimeout(timer);
  }, [isAsking]);
  const press = () => {
    setAsking(!isAsking);
    if (isAsking) act();
  };
  return (
    <button class="danger" onClick={press}>
      <span aria-live="polite">{isAsking ? strings.sure : text}</span>
      <span class="hidden"> {of}</span>
    </button>
  );
}
