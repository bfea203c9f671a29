// optimus: verdict=accepted
// optimus: stdin="3 4\n" expect="7\n"
// optimus: stdin="-5 5\n" expect="0\n"
const [a, b] = std.in.getline().split(" ").map(Number);
console.log(a + b);
