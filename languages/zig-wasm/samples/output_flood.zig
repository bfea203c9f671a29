// optimus: verdict=output_limit_exceeded limits.output_bytes=65536
const std = @import("std");

pub fn main() !void {
    while (true) try std.fs.File.stdout().writeAll("flood\n");
}
