# optimus: verdict=runtime_error
BEGIN { exit 3 }
