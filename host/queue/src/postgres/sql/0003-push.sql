-- Into the queue: many jobs at once, each accepted or refused by itself.

-- The number of jobs of one count that wait or run, and their bytes.
create function count_of(p_kind text, p_name text, out jobs bigint, out bytes bigint)
language plpgsql as $$
begin
    select coalesce(sum(t.jobs), 0), coalesce(sum(t.bytes), 0) into jobs, bytes
    from tally t where t.kind = p_kind and t.name = p_name;
end $$;

-- Pushes write counts in a shard of their own: one push at a time, and nothing else, touches it.
create function count_push(p_kind text, p_name text, p_bytes bigint) returns void
language plpgsql as $$
begin
    insert into tally (kind, name, shard, jobs, bytes) values (p_kind, p_name, -1, 1, p_bytes)
    on conflict (kind, name, shard)
    do update set jobs = tally.jobs + excluded.jobs, bytes = tally.bytes + excluded.bytes;
end $$;

-- The answers are `pushed`, `known` and `reused` (by the idempotency key), `full`, `tenant`, `bytes` and `quota`.
create function push(
    p_ids uuid[], p_payloads text[], p_languages text[], p_tenants text[], p_classes smallint[],
    p_keys text[], p_fingerprints bytea[], p_webhooks text[], p_api_keys text[], p_quotas bigint[],
    p_cap bigint, p_tenant_cap bigint, p_tenant_bytes bigint
) returns table (answer text, amount bigint, earlier uuid)
language plpgsql as $$
declare
    v_total bigint;
    v_bytes bigint;
    known record;
    used record;
begin
    perform lock_pushes();
    select coalesce(sum(jobs), 0) into v_total from tally where kind = 'language';
    for i in 1 .. cardinality(p_ids) loop
        answer := 'pushed';
        amount := 0;
        earlier := p_ids[i];
        v_bytes := octet_length(p_payloads[i]);
        if p_keys[i] is not null then
            select k.job, k.fingerprint into known from idempotency k
            where k.tenant = p_tenants[i] and k.key = p_keys[i] and (k.expires is null or k.expires > clock_timestamp());
            if found and known.job <> p_ids[i] then
                answer := case when known.fingerprint = p_fingerprints[i] then 'known' else 'reused' end;
                earlier := known.job;
                return next;
                continue;
            end if;
        end if;
        -- The answer to an earlier call got lost.
        if exists (select 1 from job where id = p_ids[i]) then
            return next;
            continue;
        end if;
        if v_total >= p_cap then
            answer := 'full';
            amount := v_total;
            return next;
            continue;
        end if;
        if p_api_keys[i] is not null then
            select * into used from count_of('key', p_api_keys[i]);
            if used.jobs >= p_quotas[i] then
                answer := 'quota';
                amount := p_quotas[i];
                return next;
                continue;
            end if;
        end if;
        if p_tenants[i] <> '' then
            select * into used from count_of('tenant', p_tenants[i]);
            if used.jobs >= p_tenant_cap or used.bytes + v_bytes > p_tenant_bytes then
                answer := case when used.jobs >= p_tenant_cap then 'tenant' else 'bytes' end;
                amount := case when used.jobs >= p_tenant_cap then used.jobs else used.bytes end;
                return next;
                continue;
            end if;
            perform count_push('tenant', p_tenants[i], v_bytes);
        end if;
        if p_api_keys[i] is not null then
            perform count_push('key', p_api_keys[i], 0);
        end if;
        perform count_push('language', p_languages[i], v_bytes);
        v_total := v_total + 1;
        insert into job (id, language, tenant, class, tag, payload, bytes, idempotency_key, api_key, webhook)
        values (p_ids[i], p_languages[i], p_tenants[i], p_classes[i],
            line_up(p_languages[i], p_classes[i], p_tenants[i]), p_payloads[i], v_bytes, p_keys[i], p_api_keys[i],
            p_webhooks[i]);
        if p_keys[i] is not null then
            insert into idempotency (tenant, key, fingerprint, job)
            values (p_tenants[i], p_keys[i], p_fingerprints[i], p_ids[i])
            on conflict (tenant, key)
            do update set fingerprint = excluded.fingerprint, job = excluded.job, expires = null;
        end if;
        return next;
    end loop;
end $$;
