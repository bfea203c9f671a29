// optimus: verdict=time_limit_exceeded limits.cpu_ms=500
const std = @import("std");

pub fn main() void {
    var i: u64 = 0;
    while (true) {
        i +%= 1;
        std.mem.doNotOptimizeAway(i);
    }
}
