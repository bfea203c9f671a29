-- optimus: verdict=accepted limits.cpu_ms=10000
-- optimus: expect="0123456789\n" expect_times=500000
with recursive n(x) as (select 1 union all select x + 1 from n where x < 500000) select '0123456789' from n;
