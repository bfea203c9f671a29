import assert from 'node:assert/strict';
import test from 'node:test';
import { show, text, visible } from '../src/text';

test('what would act instead of being seen becomes a picture or a name', () => {
  assert.equal(visible('a\tb\nc'), 'a\tb\nc');
  assert.equal(visible('\u001b[31mred\u0000\u007f\r'), '␛[31mred␀␡␍');
  assert.equal(visible('user\u202Etxt.exe'), 'user⟨U+202E⟩txt.exe');
  assert.equal(visible('\u2066x\u2069\u061c\u0085\u2028'), '⟨U+2066⟩x⟨U+2069⟩⟨U+061C⟩⟨U+0085⟩⟨U+2028⟩');
  assert.equal(visible('a\u200bb\ufeff\u00ad\u{e0041}'), 'a⟨U+200B⟩b⟨U+FEFF⟩⟨U+00AD⟩⟨U+E0041⟩');
  assert.equal(visible('👩\u200d🔬 می\u200cخواهم'), '👩\u200d🔬 می\u200cخواهم', 'joiners are part of words');
  assert.equal(visible('<script>alert(1)</script> שלום 👋🏽'), '<script>alert(1)</script> שלום 👋🏽');
});

test('bytes that are no text are shown, and said to be so', () => {
  const shown = show({ base64: btoa('\xff\xfeab\x80') });
  assert.deepEqual([shown.text, shown.isBinary], ['��ab�', true]);
  assert.equal(show('plain').isBinary, false);
  assert.equal(text({ base64: btoa('\xef\xbb\xbfx') }), '\ufeffx');
  assert.equal(text({ text: 'x' }), 'x');
});

test('what is too long is cut, and a long line is broken', () => {
  const shown = show('x'.repeat(300_000));
  assert.equal(shown.cut, 100_000);
  assert.ok(shown.text.split('\n').every((line) => line.length <= 4_001));
  assert.deepEqual(show(`${'x'.repeat(3_999)}😀`).text, `${'x'.repeat(3_999)}⏎\n😀`, 'no character is taken in two');
  assert.equal(show(`x${'😀'.repeat(10)}`, 2).text, 'x');
  assert.equal(show('a\nb').text, 'a\nb');
});
