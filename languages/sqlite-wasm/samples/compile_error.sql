-- optimus: verdict=runtime_error
selec 1;
