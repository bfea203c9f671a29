// optimus: verdict=accepted
// optimus: stdin="naïve 世界 😀\n" expect="naïve 世界 😀 — ok\n"
const buffer = new ArrayBuffer(256);
const read = process.stdin.read(buffer);
console.log(String.UTF8.decode(buffer.slice(0, read)).trim() + " — ok");
