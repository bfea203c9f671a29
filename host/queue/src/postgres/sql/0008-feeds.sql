-- Feeds of tenants: what happened to their jobs, schedules and runs. A crash of the server may empty them; a feed that begins
-- anew has another epoch, so that a reader sees it.

create unlogged table feed (
    -- Empty: of jobs without a tenant.
    tenant text primary key,
    -- The time at which it began, in ms.
    epoch bigint not null,
    -- The number of the newest event.
    last bigint not null,
    expires timestamptz not null
) with (fillfactor = 50);
create index feed_expires on feed (expires);

create unlogged table feed_event (
    tenant text not null,
    number bigint not null,
    body text not null,
    primary key (tenant, number)
);

-- Adds events to feeds, in order; of each feed the latest `p_kept` stay. Feeds are locked in the order of their tenants.
create function announce(p_tenants text[], p_events text[], p_kept bigint, p_lifetime bigint) returns void
language plpgsql as $$
declare
    v_now timestamptz := clock_timestamp();
    v_last bigint;
    added record;
begin
    perform need_not_last();
    for added in
        select a.tenant, array_agg(a.body order by a.place) as bodies
        from unnest(p_tenants, p_events) with ordinality as a (tenant, body, place) group by a.tenant order by a.tenant
    loop
        insert into feed as f (tenant, epoch, last, expires)
        values (added.tenant, (extract(epoch from v_now) * 1000)::bigint, cardinality(added.bodies),
            v_now + p_lifetime * interval '1 ms')
        on conflict (tenant) do update set last = f.last + excluded.last, expires = excluded.expires
        returning last into v_last;
        insert into feed_event (tenant, number, body)
        select added.tenant, v_last - cardinality(added.bodies) + b.place, b.body
        from unnest(added.bodies) with ordinality as b (body, place);
        delete from feed_event where tenant = added.tenant and number <= v_last - p_kept;
    end loop;
end $$;

-- Forgets feeds to which nothing was added for long.
create function expire_feeds() returns void
language plpgsql as $$
declare
    old record;
begin
    for old in select tenant from feed where expires <= clock_timestamp() limit 100 for update skip locked loop
        delete from feed_event where tenant = old.tenant;
        delete from feed where tenant = old.tenant;
    end loop;
end $$;
