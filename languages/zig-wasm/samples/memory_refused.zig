// optimus: verdict=memory_limit_exceeded
// One allocation of 512 MiB: the engine refuses at once, and the program ends with the error.
const std = @import("std");

pub fn main() !void {
    const block = try std.heap.page_allocator.alloc(u8, 1 << 29);
    std.mem.doNotOptimizeAway(block.ptr);
}
