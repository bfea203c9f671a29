# optimus: verdict=accepted args=["-v","two words"] expect="-v\ntwo words\n"
BEGIN { for (i = 1; i < ARGC; i++) print ARGV[i] }
