// optimus: verdict=accepted
// optimus: stdin="7\n" stdin_times=1000000 expect="7000000\n"
const std = @import("std");

pub fn main() !void {
    var buffer: [1 << 16]u8 = undefined;
    var in = std.fs.File.stdin().reader(&buffer);
    var sum: u64 = 0;
    while (in.interface.takeDelimiterInclusive('\n')) |line| {
        sum += try std.fmt.parseInt(u64, line[0 .. line.len - 1], 10);
    } else |ended| if (ended != error.EndOfStream) return ended;
    var out = std.fs.File.stdout().writer(&.{});
    try out.interface.print("{d}\n", .{sum});
}
