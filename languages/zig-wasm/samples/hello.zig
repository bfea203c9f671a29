// optimus: verdict=accepted
// optimus: expect="Hello, world!\n"
const std = @import("std");

pub fn main() !void {
    try std.fs.File.stdout().writeAll("Hello, world!\n");
}
