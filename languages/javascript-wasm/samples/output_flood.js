// optimus: verdict=output_limit_exceeded limits.output_bytes=65536
for (;;) std.out.puts("flood\n");
