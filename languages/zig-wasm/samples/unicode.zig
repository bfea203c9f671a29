// optimus: verdict=accepted
// optimus: stdin="naïve 世界 😀\n" expect="naïve 世界 😀 — ok\n"
const std = @import("std");

pub fn main() !void {
    var buffer: [256]u8 = undefined;
    var in = std.fs.File.stdin().reader(&buffer);
    const line = try in.interface.takeDelimiterExclusive('\n');
    var out = std.fs.File.stdout().writer(&.{});
    try out.interface.print("{s} — ok\n", .{line});
}
