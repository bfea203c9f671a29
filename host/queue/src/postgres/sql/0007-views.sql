-- What people and programs may read: `jobs`, `reports`, and `outstanding`. Their columns stay as they are.

-- JSON as stored, for queries. `jsonb` cannot hold U+0000, which a program may print: U+FFFD stands for it.
create function readable(p_json text) returns jsonb
language sql immutable as $$
    select regexp_replace(p_json, '(?<!\\)((\\\\)*)\\u0000', '\1\\ufffd', 'g')::jsonb
$$;

create view jobs as select
    id,
    language,
    nullif(tenant, '') as tenant,
    (array['high', 'normal', 'low'])[class + 1] as priority,
    case when stage = 'done' then 'done' when stage = 'running' then 'running' else 'queued' end as state,
    attempt as attempts,
    pushed as submitted_at,
    started as started_at,
    finished as finished_at,
    verdict,
    reason as dead_reason,
    webhook_due is not null as webhook_pending,
    expires as expires_at
from job where expires is null or expires > now();

create view reports as select
    id,
    language,
    nullif(tenant, '') as tenant,
    verdict,
    finished as finished_at,
    expires as expires_at,
    readable(report) as report
from job where report is not null and (expires is null or expires > now());

-- Jobs of a language that wait or run, without counting them: what workers are scaled by.
create function outstanding(p_language text) returns bigint
language sql stable set search_path from current as $$
    select coalesce(sum(jobs), 0)::bigint from tally where kind = 'language' and name = p_language
$$;
