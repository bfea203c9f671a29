// What programs print, made fit to be looked at. The result is always put into text nodes, so that no byte of it is ever markup.

import type { Content } from './api/client';

/** Text, and what of it is not as it was printed. */
export type Shown = { text: string; isBinary: boolean; cut: number };

/** More characters than this are not laid out at once: a browser takes seconds for a megabyte on one line. */
const MOST = 200_000;
/** A longer line is broken, since laying it out takes more than linear time. */
const LINE = 4_000;

export function bytes(content: Content): Uint8Array | undefined {
  if (typeof content === 'string' || 'text' in content) return undefined;
  return Uint8Array.from(atob(content.base64), (character) => character.charCodeAt(0));
}

/** The text of some content; bytes that are no UTF-8 become U+FFFD. */
export function text(content: Content): string {
  if (typeof content === 'string') return content;
  if ('text' in content) return content.text;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes(content));
}

export function show(content: Content, most = MOST): Shown {
  const whole = text(content);
  const end = between(whole, most);
  const isBinary = whole.includes('\ufffd');
  return { text: broken(visible(whole.slice(0, end))), isBinary, cut: whole.length - end };
}

/** Characters that would do something instead of being seen become pictures or names of themselves. */
export function visible(plain: string): string {
  return plain.replace(CONTROLS, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return '\u2421';
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

// C0 without tab and line feed, DEL, C1, line and paragraph separators, every character that turns the direction, and those
// that are there and take no room: soft hyphen, zero width space, word joiner, byte order mark, tags. Joiners are part of words.
const CONTROLS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** The end of a piece of at most this length that takes no character in two. */
function between(plain: string, at: number): number {
  if (at >= plain.length) return plain.length;
  return (plain.codePointAt(at - 1) ?? 0) > 0xffff ? at - 1 : at;
}

function broken(plain: string): string {
  if (plain.length <= LINE) return plain;
  return plain.split('\n').map(brokenLine).join('\n');
}

function brokenLine(line: string): string {
  if (line.length <= LINE) return line;
  const pieces = [];
  for (let at = 0; at < line.length; ) {
    const end = between(line, at + LINE);
    pieces.push(line.slice(at, end));
    at = end;
  }
  return pieces.join('⏎\n');
}
