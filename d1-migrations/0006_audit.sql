-- Sealing the audit log without looking through all of it.

-- Events that have no seal yet: the insert of an event adds its row, the batch that seals the event takes it away.
create table audit_waiting (
  school_id text not null,
  event_id text not null references audit_events (id),
  primary key (school_id, event_id)
) strict, without rowid;

insert into audit_waiting (school_id, event_id)
select school_id, id from audit_events where id not in (select event_id from audit_seals);

create trigger audit_events_wait_for_a_seal after insert on audit_events
begin
  insert into audit_waiting (school_id, event_id) values (new.school_id, new.id);
end;

-- The newest seal of each school, and when it was made.
create table audit_heads (
  school_id text primary key,
  seq integer not null,
  hash text not null,
  sealed_at integer not null
) strict, without rowid;

create index audit_heads_by_time on audit_heads (sealed_at);
