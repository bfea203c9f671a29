-- The end of a job, its return from among the dead, and what is forgotten.

-- Forgets the oldest results of a tenant until it stores no more than it may: neither the newest, nor one whose webhook is
-- still to be sent.
create function forget_oldest(p_tenant text, p_newest uuid, p_most bigint) returns void
language plpgsql as $$
declare
    v_excess bigint := (select bytes from count_of('stored', p_tenant)) - p_most;
    v_jobs bigint := 0;
    v_bytes bigint := 0;
    old record;
begin
    if v_excess <= 0 then return; end if;
    for old in
        select id, stored from job
        where tenant = p_tenant and tenant <> '' and stage = 'done' and webhook_due is null and id <> p_newest
        order by id limit 256 for update skip locked
    loop
        exit when v_bytes >= v_excess;
        delete from job where id = old.id;
        v_jobs := v_jobs + 1;
        v_bytes := v_bytes + old.stored;
    end loop;
    perform count_up('stored', p_tenant, -v_jobs, -v_bytes);
end $$;

-- Stores the report of the newest fence. `done`, `lost`, or `again`: the same call has ended the job before.
create function finish(
    p_id uuid, p_fence bigint, p_report text, p_verdict text, p_reason text,
    p_ttl bigint, p_kept bigint, p_result_bytes bigint, p_slots integer
) returns text
language plpgsql as $$
declare
    j record;
    v_now timestamptz;
    v_size bigint := 0;
begin
    select language, tenant, stage, fence, bytes, idempotency_key, api_key, webhook into j
    from job where id = p_id for update;
    if not found or j.fence <> p_fence then return 'lost'; end if;
    if j.stage = 'done' then return 'again'; end if;
    v_now := clock_timestamp();
    if j.tenant <> '' then
        v_size := octet_length(p_report) + case when p_reason is null then 0 else j.bytes end;
    end if;
    update job set stage = 'done', report = p_report, verdict = p_verdict, finished = v_now, due = null,
        payload = case when p_reason is null then null else payload end, reason = p_reason, stored = v_size,
        webhook_due = case when j.webhook is null then null else v_now end,
        expires = v_now + interval '1 ms' * case when j.webhook is null then p_ttl else greatest(p_ttl, p_kept) end
    where id = p_id;
    if j.idempotency_key is not null then
        update idempotency set expires = v_now + p_ttl * interval '1 ms'
        where tenant = j.tenant and key = j.idempotency_key and job = p_id;
    end if;
    delete from event where job = p_id;
    if j.stage = 'running' then perform freed(j.tenant, p_slots); end if;
    if j.api_key is not null then perform count_up('key', j.api_key, -1, 0); end if;
    perform count_up('language', j.language, -1, -j.bytes);
    if j.tenant <> '' then
        perform count_up('stored', j.tenant, 1, v_size);
        perform forget_oldest(j.tenant, p_id, p_result_bytes);
        perform count_up('tenant', j.tenant, -1, -j.bytes);
    end if;
    return 'done';
end $$;

-- Lets a dead letter wait again, as if it had never begun; false, if it is none.
create function requeue(p_id uuid) returns boolean
language plpgsql as $$
declare
    j record;
    v_said bigint;
begin
    perform lock_pushes();
    select language, tenant, class, bytes, stored, api_key into j from job
    where id = p_id and stage = 'done' and reason is not null and payload is not null for update;
    if not found then return false; end if;
    update job set stage = 'ready', tag = line_up(j.language, j.class, j.tenant),
        seq = nextval(pg_get_serial_sequence('job', 'seq')), pushed = clock_timestamp(), attempt = 0,
        fence = fence + 1, cancel = false, started = null, finished = null, report = null, verdict = null,
        fault = null, reason = null, webhook_due = null, webhook_tries = 0, generation = generation + 1,
        stored = 0, expires = null, said = said + 1, stated = said + 1
    where id = p_id returning said into v_said;
    if j.api_key is not null then perform count_up('key', j.api_key, 1, 0); end if;
    perform count_up('language', j.language, 1, j.bytes);
    if j.tenant <> '' then
        perform count_up('stored', j.tenant, -1, -j.stored);
        perform count_up('tenant', j.tenant, 1, j.bytes);
    end if;
    perform tell_state(p_id, v_said, 'queued');
    perform wake(j.language);
    return true;
end $$;

-- Takes a job from among the dead for good; its report stays. False, if it is none.
create function discard(p_id uuid) returns boolean
language plpgsql as $$
declare
    j record;
begin
    select tenant, bytes into j from job
    where id = p_id and stage = 'done' and reason is not null for update;
    if not found then return false; end if;
    update job set payload = null, reason = null, stored = greatest(0, stored - bytes) where id = p_id;
    if j.tenant <> '' then perform count_up('stored', j.tenant, 0, -j.bytes); end if;
    return true;
end $$;

-- Removes a batch of what has expired; returns whether there may be more.
create function expire(p_most integer) returns boolean
language plpgsql as $$
declare
    gone record;
    v_jobs bigint := 0;
    v_keys bigint;
begin
    for gone in
        with old as (
            delete from job where id in (
                select id from job where expires <= clock_timestamp() order by expires limit p_most for update skip locked
            ) returning tenant, stored
        )
        select tenant, count(*) as jobs, sum(stored)::bigint as bytes from old group by tenant order by tenant
    loop
        v_jobs := v_jobs + gone.jobs;
        if gone.tenant <> '' then perform count_up('stored', gone.tenant, -gone.jobs, -gone.bytes); end if;
    end loop;
    delete from idempotency where (tenant, key) in (
        select tenant, key from idempotency where expires <= clock_timestamp() limit p_most for update skip locked
    );
    get diagnostics v_keys = row_count;
    delete from event where at < clock_timestamp() - interval '1 hour';
    delete from counter where expires < clock_timestamp();
    delete from tally where jobs = 0 and bytes = 0 and shard >= 0;
    return v_jobs >= p_most or v_keys >= p_most;
end $$;

-- Lets held jobs line up whose tenant has a free slot after all: the operator has changed the number of slots.
create function review_held(p_slots integer) returns void
language plpgsql as $$
declare
    held record;
begin
    if not exists (select 1 from job where stage = 'held') then return; end if;
    perform lock_slots();
    for held in select distinct tenant from job where stage = 'held' loop
        if p_slots = 0 then
            update job set stage = 'ready' where stage = 'held' and tenant = held.tenant;
        elsif (select count(*) from job where stage = 'running' and tenant = held.tenant) < p_slots then
            perform freed(held.tenant, p_slots);
        end if;
    end loop;
end $$;
