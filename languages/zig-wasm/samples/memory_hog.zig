// optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864
const std = @import("std");

pub fn main() !void {
    while (true) {
        const block = try std.heap.page_allocator.alloc(u8, 1 << 20);
        @memset(block, 1);
        std.mem.doNotOptimizeAway(block.ptr);
    }
}
