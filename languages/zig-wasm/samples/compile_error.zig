// optimus: verdict=compile_error
const std = @import("std");

pub fn main() !void {
    const answer: u32 = "42";
    try std.fs.File.stdout().writeAll(answer);
}
