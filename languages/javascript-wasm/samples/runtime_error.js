// optimus: verdict=runtime_error
throw new Error("on purpose");
