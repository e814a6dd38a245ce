-- Where the webhooks of a class go. The secret that signs them is not here: it comes from the realtime master secret and the id.
create table webhooks (
  id text primary key,
  school_id text not null references schools (id),
  class_id text not null references classes (id),
  url text not null,
  -- a JSON list of what is told
  events text not null,
  created_by text not null references users (id),
  created_at integer not null,
  -- when something was last sent there, and the status that answered: 0 when nobody did
  delivered_at integer,
  delivery_status integer,
  -- the audit event that its creation wrote
  last_event text,
  unique (class_id, url)
) strict, without rowid;

-- What the room of the class must know of them: a JSON list of ids and events, changed together with the rows above.
alter table classes add column webhooks text not null default '[]';
