-- optimus: verdict=runtime_error
error("on purpose")
