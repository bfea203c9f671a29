// optimus: verdict=time_limit_exceeded limits.cpu_ms=500
let i: u64 = 0;
while (true) {
  i++;
}
