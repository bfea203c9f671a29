// Bytes in JSON: text where they are UTF-8, base64 where they are not.

import type { Content } from './types.js';

/** Encodes a source, an input or an expected output of any bytes. */
export function content(data: string | Uint8Array): Content {
  if (typeof data === 'string') return data;
  try {
    // Without `ignoreBOM` the decoder would drop three bytes.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    // One character for each byte, in pieces: the number of arguments of a call is limited.
    let text = '';
    for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
    return { base64: btoa(text) };
  }
}

/** Decodes what a report holds, byte for byte. */
export function toBytes(value: Content): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(value);
  if ('text' in value) return new TextEncoder().encode(value.text);
  return Uint8Array.from(atob(value.base64), (character) => character.charCodeAt(0));
}

/** Decodes what a report holds for people: bytes that are not UTF-8 become replacement characters. */
export function toText(value: Content): string {
  if (typeof value === 'string') return value;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(toBytes(value));
}
