// optimus: verdict=memory_limit_exceeded
// One allocation of 512 MiB: the engine refuses at once, and the program gives up.
const block = new Uint8Array(1 << 29);
console.log(block.length.toString());
