import assert from 'node:assert/strict';
import test from 'node:test';
import { pictureType } from '../src/picture';

const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test('a picture is known by its bytes', () => {
  const pictures: [string, string][] = [
    ['\x89PNG\r\n\x1a\n....', 'image/png'],
    ['\xff\xd8\xff\xe0....', 'image/jpeg'],
    ['GIF89a....', 'image/gif'],
    ['RIFF....WEBPVP8 ', 'image/webp'],
    ['BM....', 'image/bmp'],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
    ['\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a plot -->\n<!DOCTYPE svg PUBLIC "a" "b">\n<svg>', 'image/svg+xml'],
  ];
  for (const [text, type] of pictures) assert.equal(pictureType(latin(text)), type, text);
});

test('what is no picture has no type', () => {
  for (const text of ['', '<html><svg>', 'x<svg>', '<svgx>', 'PNG', 'RIFF....WAVE', '<!-- <svg>', `<!--${'-->'.repeat(300)}`]) {
    assert.equal(pictureType(latin(text)), undefined, text);
  }
});
