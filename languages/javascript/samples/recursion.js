// optimus: verdict=accepted expect="100000\n"
const depth = (node) => (node === null ? 0 : 1 + depth(node.next));

let list = null;
for (let i = 0; i < 100_000; i++) list = { next: list };
console.log(depth(list));
