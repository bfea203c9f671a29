// optimus: verdict=accepted
// optimus: stdin="7\n" stdin_times=1000000 expect="7000000\n"
const buffer = new ArrayBuffer(1 << 16);
const bytes = Uint8Array.wrap(buffer);
let sum: u64 = 0;
let number: u64 = 0;
for (let read = process.stdin.read(buffer); read > 0; read = process.stdin.read(buffer)) {
  for (let i = 0; i < read; i++) {
    const byte = bytes[i];
    if (byte == 0x0a) {
      sum += number;
      number = 0;
    } else {
      number = number * 10 + (byte - 0x30);
    }
  }
}
console.log(sum.toString());
