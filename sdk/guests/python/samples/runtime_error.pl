# optimus: verdict=runtime_error
die "on purpose\n";
