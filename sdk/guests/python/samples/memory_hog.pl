# optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864 limits.cpu_ms=8000
my @all;
push @all, "x" x 1048576 while 1;
