-- optimus: verdict=runtime_error
select nothing from nowhere;
