// optimus: verdict=runtime_error
// The compiler's checks hold inside WebAssembly, too.
const std = @import("std");

pub fn main() void {
    var numbers = [_]i32{ 1, 2, 3 };
    var at: usize = 3;
    std.mem.doNotOptimizeAway(&at);
    numbers[at] = 4;
}
