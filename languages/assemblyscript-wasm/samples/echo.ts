// optimus: verdict=accepted
// optimus: stdin="one\ntwo three\n" expect="one\ntwo three\n"
const buffer = new ArrayBuffer(4096);
for (let read = process.stdin.read(buffer); read > 0; read = process.stdin.read(buffer)) {
  process.stdout.write(buffer.slice(0, read));
}
