// optimus: verdict=accepted
// optimus: stdin="6\n" expect="6 * 7 = 42\n"
const std = @import("std");
const multiply = @import("lib/multiply.zig").multiply;

fn number(file: std.fs.File) !u32 {
    var buffer: [16]u8 = undefined;
    const read = try file.readAll(&buffer);
    return std.fmt.parseInt(u32, std.mem.trimEnd(u8, buffer[0..read], "\n"), 10);
}

pub fn main() !void {
    const n = try number(std.fs.File.stdin());
    const factor = try number(try std.fs.cwd().openFile("data.txt", .{}));
    var out = std.fs.File.stdout().writer(&.{});
    try out.interface.print("{d} * {d} = {d}\n", .{ n, factor, multiply(n, factor) });
}
