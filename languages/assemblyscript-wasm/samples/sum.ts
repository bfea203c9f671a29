// optimus: verdict=accepted
// optimus: stdin="3 4\n" expect="7\n"
// optimus: stdin="-5 5\n" expect="0\n"
// optimus: stdin="1000000 2000000\n" expect="3000000\n"
const buffer = new ArrayBuffer(256);
const read = process.stdin.read(buffer);
const words = String.UTF8.decode(buffer.slice(0, read)).trim().split(" ");
const sum = words.reduce((sum, word) => sum + I64.parseInt(word), <i64>0);
console.log(sum.toString());
