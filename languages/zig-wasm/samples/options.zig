// optimus: verdict=accepted options.optimize="ReleaseSmall" options.flags=["-fsingle-threaded", "-fstrip"]
// optimus: args=["a b", "-c"] expect="ReleaseSmall a b -c\n"
const std = @import("std");
const builtin = @import("builtin");

pub fn main() !void {
    var out = std.fs.File.stdout().writer(&.{});
    try out.interface.print("{t}", .{builtin.mode});
    const args = try std.process.argsAlloc(std.heap.page_allocator);
    for (args[1..]) |arg| try out.interface.print(" {s}", .{arg});
    try out.interface.writeAll("\n");
}
