// optimus: verdict=output_limit_exceeded limits.output_bytes=65536
while (true) {
  console.log("flood");
}
