// Numbers and times for people.

export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1 << 20) return `${(bytes / 1024).toFixed(0)} KiB`;
  if (bytes < 1 << 30) return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
  return `${(bytes / (1 << 30)).toFixed(2)} GiB`;
}

/** `12 s ago`; a date beyond a day. */
export function ago(time: string | undefined, now = Date.now()): string {
  if (!time) return '';
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return time.slice(0, 10);
}

/** `in 12 s`, as [`ago`] says what was. */
export function inFuture(time: string, now = Date.now()): string {
  const seconds = Math.max(0, (Date.parse(time) - now) / 1000);
  if (seconds < 60) return `in ${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `in ${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) return `in ${Math.round(seconds / 3600)} h`;
  return `on ${time.slice(0, 10)}`;
}

/** The first line of what a toolchain says of its version, without a repetition of its name. */
export function version(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  const number = /\d+(\.\d+)+[\w.+-]*/.exec(line);
  return number ? number[0] : line.slice(0, 32);
}
