// optimus: verdict=accepted expect="100000\n"
class Node {
  constructor(public next: Node | null) {}
}

// What the collector may not free is on a stack of its own, which `--stackSize` is the size of.
function depth(node: Node | null): i32 {
  if (node == null) return 0;
  const copy = new Node(node.next);
  return 1 + depth(copy.next);
}

let list: Node | null = null;
for (let i = 0; i < 100000; i++) list = new Node(list);
console.log(depth(list).toString());
