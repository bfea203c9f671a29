// optimus: verdict=accepted
// optimus: expect="0123456789\n" expect_times=500000
const lines = "0123456789\n".repeat(5000);
for (let i = 0; i < 100; i++) {
  process.stdout.write(lines);
}
