// optimus: verdict=wrong_answer
// optimus: expect="42\n"
const std = @import("std");

pub fn main() !void {
    try std.fs.File.stdout().writeAll("41\n");
}
