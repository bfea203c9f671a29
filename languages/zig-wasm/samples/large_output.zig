// optimus: verdict=accepted
// optimus: expect="0123456789\n" expect_times=500000
const std = @import("std");

pub fn main() !void {
    var buffer: [1 << 16]u8 = undefined;
    var out = std.fs.File.stdout().writer(&buffer);
    for (0..500_000) |_| try out.interface.writeAll("0123456789\n");
    try out.interface.flush();
}
