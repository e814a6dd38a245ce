-- Studio plugins: who paired which, and the codes by which they are paired (RFC 8628). Everything else that is known of a plugin is in
-- its registry object.

create table plugins (
  id text primary key,
  school_id text not null references schools (id),
  -- who paired it
  user_id text not null references users (id),
  -- which of its registrations was paired
  epoch integer not null,
  -- domain::plugin::Registration, as it was then
  registration text not null,
  studio_id text not null,
  place_id text not null,
  -- domain::plugin::Capability, as a JSON array
  capabilities text not null,
  created_at integer not null,
  revoked_at integer,
  last_event text
) strict, without rowid;

create index plugins_by_school on plugins (school_id, id);
create index plugins_by_studio on plugins (school_id, user_id, studio_id, place_id);
create index plugins_by_end on plugins (revoked_at) where revoked_at is not null;

-- A code is good for ten minutes. A plugin has one: a newer one replaces it.
create table plugin_pairings (
  plugin_id text primary key,
  registry text not null,
  epoch integer not null,
  registration text not null,
  capabilities text not null,
  -- SHA-256, hex: only the plugin has the code
  device_code_hash text not null unique,
  -- a MAC, hex: what a teacher types is too short to be hashed
  user_code_hash text not null unique,
  country text,
  created_at integer not null,
  expires_at integer not null,
  -- when the plugin asked last, and how long it must leave between two times
  polled_at integer,
  interval_s integer not null,
  state text not null default 'pending' check (state in ('pending', 'approved', 'denied')),
  school_id text references schools (id),
  decided_by text references users (id)
) strict, without rowid;

create index plugin_pairings_by_age on plugin_pairings (expires_at);
