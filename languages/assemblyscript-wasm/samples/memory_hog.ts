// optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864
const blocks: Uint8Array[] = [];
while (true) {
  blocks.push(new Uint8Array(1 << 20).fill(1));
}
