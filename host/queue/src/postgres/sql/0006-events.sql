-- Events between the states of a job.

-- Adds events to jobs, in order, and tells listeners. The latest 256 of each job are kept for listeners that come again.
create function tell(p_ids uuid[], p_events text[]) returns void
language plpgsql as $$
declare
    v_said bigint;
begin
    perform need_not_last();
    for i in 1 .. cardinality(p_ids) loop
        update job set said = said + 1 where id = p_ids[i] and stage <> 'done' returning said into v_said;
        continue when not found;
        insert into event (job, number, body) values (p_ids[i], v_said, p_events[i]);
        delete from event where job = p_ids[i] and number <= v_said - 256;
        -- A notification has room for 8,000 bytes; a listener looks up what is larger.
        perform pg_notify(current_schema() || '_events', p_ids[i] || ' ' || v_said ||
            case when octet_length(p_events[i]) < 7500 then ' event ' || p_events[i] else ' stored' end);
    end loop;
end $$;

-- Sends one notification, without waiting for the disk.
create function notify_soon(p_kind text, p_payload text) returns void
language plpgsql as $$
begin
    perform need_not_last();
    perform pg_notify(current_schema() || '_' || p_kind, p_payload);
end $$;
