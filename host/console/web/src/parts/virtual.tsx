// A long list of which only what is seen is in the document.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

type Props<T> = {
  label: string;
  head: ComponentChildren;
  rows: T[];
  height: number;
  row: (item: T) => ComponentChildren;
  /** The reader is near the last row. */
  atEnd: () => void;
};

/** Rows beyond what is seen, so that a quick scroll shows no gaps. */
const MARGIN = 12;

export function VirtualRows<T>({ label, head, rows, height, row, atEnd }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [first, setFirst] = useState(0);
  const [seen, setSeen] = useState(20);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => {
      setFirst(Math.floor(element.scrollTop / height));
      setSeen(Math.ceil(element.clientHeight / height));
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      resized.disconnect();
    };
  }, [height]);
  useEffect(() => {
    if (first + seen + MARGIN >= rows.length) atEnd();
  }, [first, seen, rows.length]);
  const from = Math.max(0, first - MARGIN);
  const shown = rows.slice(from, first + seen + MARGIN);
  return (
    <div class="rows" ref={box} tabIndex={0} role="region" aria-label={label}>
      {head}
      <div class="space" style={{ height: `${rows.length * height}px` }}>
        <div class="window" style={{ transform: `translateY(${from * height}px)` }}>
          {shown.map(row)}
        </div>
      </div>
    </div>
  );
}
