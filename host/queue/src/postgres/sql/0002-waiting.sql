-- How jobs wait: their turns, their counts, and how they come back. Every function runs in one transaction.

-- Adds to a count. A transaction that adds to several does so in the order of their kinds, so that none deadlocks.
create function count_up(p_kind text, p_name text, p_jobs bigint, p_bytes bigint) returns void
language plpgsql as $$
begin
    insert into tally (kind, name, shard, jobs, bytes)
    values (p_kind, p_name, pg_backend_pid() % 8, p_jobs, p_bytes)
    on conflict (kind, name, shard)
    do update set jobs = tally.jobs + excluded.jobs, bytes = tally.bytes + excluded.bytes;
end $$;

-- One push at a time: caps are exact, and turns are handed out in order.
create function lock_pushes() returns void
language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext(current_schema()), 1);
end $$;

-- One at a time decides which tenants have a free slot; only where tenants have slots.
create function lock_slots() returns void
language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtext(current_schema()), 2);
end $$;

-- The tag of the job that is first in line; null, if none waits.
create function first_tag(p_language text, p_class smallint) returns bigint
language plpgsql as $$
declare
    v_tag bigint;
begin
    select tag into v_tag from job
    where stage = 'ready' and language = p_language and class = p_class
    order by tag, seq limit 1;
    return v_tag;
end $$;

-- A tag for one more job. Start-time fair queueing: tenants take turns however much each of them has sent, and an idle one
-- earns no credit.
create function line_up(p_language text, p_class smallint, p_tenant text) returns bigint
language plpgsql as $$
declare
    v_now bigint := first_tag(p_language, p_class);
    v_next bigint;
begin
    if v_now is null then
        delete from turn where language = p_language and class = p_class;
        v_now := 0;
    end if;
    insert into turn (language, class, tenant, next) values (p_language, p_class, p_tenant, v_now + 1)
    on conflict (language, class, tenant) do update set next = greatest(turn.next, v_now) + 1
    returning next into v_next;
    return v_next - 1;
end $$;

create function wake(p_language text) returns void
language plpgsql as $$
begin
    perform pg_notify(current_schema() || '_work', p_language);
end $$;

create function tell_state(p_id uuid, p_number bigint, p_state text) returns void
language plpgsql as $$
begin
    perform pg_notify(current_schema() || '_events', p_id || ' ' || p_number || ' ' || p_state);
end $$;

-- Lets a job wait again, before all others of its class.
create function back(p_id uuid) returns void
language plpgsql as $$
declare
    j record;
    v_said bigint;
begin
    select language, class, tag into j from job where id = p_id;
    update job set stage = 'ready', tag = coalesce(first_tag(j.language, j.class), j.tag), due = null,
        said = said + 1, stated = said + 1
    where id = p_id returning said into v_said;
    perform tell_state(p_id, v_said, 'queued');
    perform wake(j.language);
end $$;

-- Lets a job wait for its next attempt.
create function rest(p_id uuid, p_ms bigint) returns void
language plpgsql as $$
declare
    v_said bigint;
begin
    update job set stage = 'resting', due = clock_timestamp() + p_ms * interval '1 ms',
        said = said + 1, stated = said + 1
    where id = p_id returning said into v_said;
    perform tell_state(p_id, v_said, 'queued');
end $$;

-- A job of this tenant runs no more: the first of its held jobs, of each language and class, may line up again.
create function freed(p_tenant text, p_slots integer) returns void
language plpgsql as $$
declare
    lane record;
    v_id uuid;
begin
    if p_slots = 0 or p_tenant = '' then return; end if;
    perform lock_slots();
    for lane in select distinct language, class from job where stage = 'held' and tenant = p_tenant loop
        select id into v_id from job
        where stage = 'held' and tenant = p_tenant and language = lane.language and class = lane.class
        order by tag, seq limit 1 for update skip locked;
        if found then
            update job set stage = 'ready', tag = coalesce(first_tag(lane.language, lane.class), tag) where id = v_id;
            perform wake(lane.language);
        end if;
    end loop;
end $$;

-- Brings back the jobs whose rest is over or whose worker fell silent. Those with no attempt left are for the reaper.
create function promote(p_attempts integer, p_slots integer) returns void
language plpgsql as $$
declare
    j record;
begin
    for j in
        select id, stage, tenant from job
        where due <= clock_timestamp()
            and (stage = 'resting' or (stage = 'running' and not cancel and attempt < p_attempts))
        order by due limit 64 for update skip locked
    loop
        if j.stage = 'running' then
            update job set fence = fence + 1, stage = 'resting' where id = j.id;
            perform freed(j.tenant, p_slots);
        end if;
        perform back(j.id);
    end loop;
end $$;
