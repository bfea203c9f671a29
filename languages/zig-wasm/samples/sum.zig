// optimus: verdict=accepted
// optimus: stdin="3 4\n" expect="7\n"
// optimus: stdin="-5 5\n" expect="0\n"
// optimus: stdin="1000000 2000000\n" expect="3000000\n"
const std = @import("std");

pub fn main() !void {
    var buffer: [4096]u8 = undefined;
    var in = std.fs.File.stdin().reader(&buffer);
    const line = try in.interface.takeDelimiterExclusive('\n');
    var sum: i64 = 0;
    var words = std.mem.tokenizeScalar(u8, line, ' ');
    while (words.next()) |word| sum += try std.fmt.parseInt(i64, word, 10);
    var out = std.fs.File.stdout().writer(&.{});
    try out.interface.print("{d}\n", .{sum});
}
