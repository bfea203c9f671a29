-- optimus: verdict=time_limit_exceeded limits.cpu_ms=500 limits.wall_ms=20000
with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n;
