// optimus: verdict=accepted expect="100000\n" limits.cpu_ms=5000
function depth(n: number): number {
    return n === 0 ? 0 : 1 + depth(n - 1);
}

console.log(depth(100000));
