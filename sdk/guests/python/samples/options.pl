# optimus: verdict=accepted options.warnings=true expect="1\n"
print "$^W\n";
