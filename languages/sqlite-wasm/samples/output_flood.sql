-- optimus: verdict=output_limit_exceeded limits.output_bytes=65536
with recursive n(x) as (select 1 union all select x + 1 from n) select 'flood' from n;
