// What kind of picture some bytes are: by the bytes, since a program names its files as it likes.

/** First bytes of the formats that every browser shows. See https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern */
const SIGNATURES: [string, string][] = [
  ['image/png', '\u0089PNG\r\n\u001a\n'],
  ['image/jpeg', '\u00ff\u00d8\u00ff'],
  ['image/gif', 'GIF87a'],
  ['image/gif', 'GIF89a'],
  ['image/bmp', 'BM'],
];
/** How far into a file an SVG's first element may be: a declaration, a doctype and comments come before it. */
const HEAD = 1024;

/** The media type; `undefined` where it is no picture. */
export function pictureType(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, HEAD));
  const known = SIGNATURES.find(([, first]) => head.startsWith(first));
  if (known) return known[0];
  if (head.startsWith('RIFF') && head.slice(8, 14) === 'WEBPVP') return 'image/webp';
  return /^(\u00ef\u00bb\u00bf)?\s*(<\?xml[^>]*\?>\s*|<!DOCTYPE svg[^>]*>\s*|<!--[^]*?-->\s*)*<svg[\s>]/.test(head) ? 'image/svg+xml' : undefined;
}
