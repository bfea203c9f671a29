// optimus: verdict=accepted expect="100000\n"
const std = @import("std");

fn depth(n: *volatile u32) u32 {
    if (n.* == 0) return 0;
    n.* -= 1;
    return 1 + depth(n);
}

pub fn main() !void {
    var n: u32 = 100_000;
    var out = std.fs.File.stdout().writer(&.{});
    try out.interface.print("{d}\n", .{depth(&n)});
}
