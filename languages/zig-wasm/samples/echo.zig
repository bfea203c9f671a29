// optimus: verdict=accepted
// optimus: stdin="one\ntwo three\n" expect="one\ntwo three\n"
const std = @import("std");

pub fn main() !void {
    var in_buffer: [4096]u8 = undefined;
    var in = std.fs.File.stdin().reader(&in_buffer);
    var out_buffer: [4096]u8 = undefined;
    var out = std.fs.File.stdout().writer(&out_buffer);
    _ = try in.interface.streamRemaining(&out.interface);
    try out.interface.flush();
}
