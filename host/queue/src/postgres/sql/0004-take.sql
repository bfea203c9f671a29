-- Out of the queue: the only way into `running`.

-- The first job of a class whose tenant may have one more running, locked; null, if there is none.
create function first_ready(p_language text, p_class smallint, p_slots integer) returns uuid
language plpgsql as $$
declare
    j record;
begin
    loop
        select id, tenant into j from job
        where stage = 'ready' and language = p_language and class = p_class
        order by tag, seq limit 1 for update skip locked;
        if not found then return null; end if;
        if p_slots = 0 or j.tenant = '' then return j.id; end if;
        if (select count(*) from job where stage = 'running' and tenant = j.tenant) < p_slots then return j.id; end if;
        -- All of the tenant's jobs leave the line, so that they cost no other `take` a look.
        update job set stage = 'held' where id in (
            select id from job
            where stage = 'ready' and language = p_language and class = p_class and tenant = j.tenant
            for update skip locked
        );
    end loop;
end $$;

-- High before normal before low; but a class that was passed over often enough goes first.
create function next_of(p_language text, p_most_passed integer, p_slots integer) returns uuid
language plpgsql as $$
declare
    v_class smallint;
    v_lower smallint;
    v_id uuid;
begin
    for v_class in
        select c.class from (
            select p.class, 0 as rank, -p.class as place from passed p
            where p.language = p_language and p.times >= p_most_passed
            union all
            select s.class, 1, s.class from unnest('{0,1,2}'::smallint[]) s(class)
        ) c order by c.rank, c.place
    loop
        v_id := first_ready(p_language, v_class, p_slots);
        exit when v_id is not null;
    end loop;
    if v_id is null then return null; end if;
    delete from passed where language = p_language and class = v_class;
    for v_lower in v_class + 1 .. 2 loop
        if first_tag(p_language, v_lower::smallint) is not null then
            insert into passed (language, class, times) values (p_language, v_lower::smallint, 1)
            on conflict (language, class) do update set times = passed.times + 1;
        end if;
    end loop;
    return v_id;
end $$;

-- The first language after `p_after`, in alphabetical order and from the beginning again, that has a job for the caller.
create function next_ready(p_wanted text[], p_after text, p_most_passed integer, p_slots integer) returns uuid
language plpgsql as $$
declare
    v_language text := p_after;
    v_wrapped boolean := false;
    v_id uuid;
begin
    loop
        select language into v_language from job
        where stage = 'ready' and language > v_language order by language limit 1;
        if not found then
            if v_wrapped then return null; end if;
            v_wrapped := true;
            v_language := '';
            continue;
        end if;
        if v_wrapped and v_language > p_after then return null; end if;
        if p_wanted is null or v_language = any(p_wanted) then
            v_id := next_of(v_language, p_most_passed, p_slots);
            if v_id is not null then return v_id; end if;
        end if;
    end loop;
end $$;

-- What this transaction does may be undone by a crash of the server: it need not wait for the disk.
create function need_not_last() returns void
language plpgsql as $$
begin
    perform set_config('synchronous_commit', 'off', true);
end $$;

-- One row: a job, or only the time after which something may be due. A crash of the server may undo it. A fence is a time
-- in µs, so that none is given twice even then.
create function take(p_wanted text[], p_after text, p_lease bigint, p_attempts integer, p_most_passed integer, p_slots integer)
returns table (job uuid, payload text, attempt integer, fence bigint, ms bigint, language text)
language plpgsql as $$
#variable_conflict use_column
declare
    v_now timestamptz;
    v_id uuid;
    v_said bigint;
begin
    perform need_not_last();
    if p_slots > 0 then perform lock_slots(); end if;
    perform promote(p_attempts, p_slots);
    v_id := next_ready(p_wanted, p_after, p_most_passed, p_slots);
    v_now := clock_timestamp();
    if v_id is null then
        return query select null::uuid, null::text, null::integer, null::bigint,
            greatest(1, least(1000, coalesce((extract(epoch from min(d.due) - v_now) * 1000)::bigint, 1000))), null::text
        from (
            select j.due from job j
            where j.due is not null
                and (j.stage = 'resting' or (j.stage = 'running' and not j.cancel and j.attempt < p_attempts))
            order by j.due limit 1
        ) d;
        return;
    end if;
    return query update job j set stage = 'running', attempt = j.attempt + 1,
        fence = greatest(j.fence + 1, (extract(epoch from v_now) * 1000000)::bigint),
        started = v_now, due = v_now + p_lease * interval '1 ms', said = j.said + 1, stated = j.said + 1
    where j.id = v_id
    returning j.id, j.payload, j.attempt, j.fence,
        greatest(0, (extract(epoch from v_now - j.pushed) * 1000)::bigint), j.language;
    select j.said into v_said from job j where j.id = v_id;
    perform tell_state(v_id, v_said, 'running');
end $$;

-- Extends a lease: whether the job is to be cancelled; null, if the lease was lost.
create function heartbeat(p_id uuid, p_fence bigint, p_lease bigint) returns boolean
language plpgsql as $$
declare
    v_cancel boolean;
begin
    perform need_not_last();
    update job set due = clock_timestamp() + p_lease * interval '1 ms'
    where id = p_id and fence = p_fence and stage = 'running' returning cancel into v_cancel;
    return v_cancel;
end $$;
