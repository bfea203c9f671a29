// optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864 limits.cpu_ms=8000
const all = [];
for (;;) all.push(new Uint8Array(1 << 20).fill(1));
