// The line at which an output leaves what was expected, in parts that can be marked.

export type Parts = { same: string; other: string; tail: string };

/** Both lines, taken apart at their common beginning and end. */
export function apart(expected: string, found: string): [Parts, Parts] {
  const least = Math.min(expected.length, found.length);
  let head = 0;
  while (head < least && expected[head] === found[head]) head += 1;
  let tail = 0;
  while (tail < least - head && expected[expected.length - 1 - tail] === found[found.length - 1 - tail]) tail += 1;
  // No half of a pair of surrogates is shown by itself.
  if (isHighSurrogate(expected[head - 1])) head -= 1;
  if (isLowSurrogate(expected[expected.length - tail])) tail -= 1;
  const cut = (line: string): Parts => ({
    same: line.slice(0, head),
    other: line.slice(head, line.length - tail),
    tail: line.slice(line.length - tail),
  });
  return [cut(expected), cut(found)];
}

const isHighSurrogate = (unit: string | undefined) => unit !== undefined && unit >= '\ud800' && unit <= '\udbff';
const isLowSurrogate = (unit: string | undefined) => unit !== undefined && unit >= '\udc00' && unit <= '\udfff';
