-- Accounts: who wants one, sessions and their refresh tokens, resets of passwords, the audit log. '' as a password hash means
-- that the person has no password; a removed person keeps a row without name and address.

alter table schools add column is_personal integer not null default 0;
alter table schools add column require_second_factor integer not null default 0;

alter table users add column email_verified_at integer;
alter table users add column last_seen_at integer;
alter table users add column removed_at integer;
update users set email_verified_at = created_at;

-- One row a sign-in: the family of its refresh tokens. An ended one stays as a tombstone until its end of life.
create table sessions (
  id text primary key,
  school_id text not null references schools (id),
  user_id text not null references users (id),
  device text not null,
  country text,
  created_at integer not null,
  -- when the person last proved who they are
  authenticated_at integer not null,
  last_used_at integer not null,
  expires_at integer not null,
  ended_at integer,
  ended_why text check (ended_why in ('signed_out', 'ended_elsewhere', 'password_changed', 'token_reused', 'suspended', 'removed',
    'role_changed'))
) strict, without rowid;

create index sessions_by_user on sessions (school_id, user_id, created_at);
create index sessions_by_age on sessions (expires_at);

create table refresh_tokens (
  -- SHA-256, hex
  token_hash text primary key,
  session_id text not null references sessions (id),
  school_id text not null,
  issued_at integer not null,
  expires_at integer not null,
  -- the hash of the successor: there is one at most
  replaced_by text,
  replaced_at integer
) strict, without rowid;

create index refresh_tokens_by_session on refresh_tokens (session_id);
create index refresh_tokens_by_age on refresh_tokens (expires_at);

-- Who wants an account. There is none before the address is proved, so nobody can take an address that is not theirs, and
-- the link of a mail gives the account the password that was typed for that very link.
create table registrations (
  id text primary key,
  -- SHA-256 of what the link carries, hex
  token_hash text not null unique,
  email text not null,
  display_name text not null,
  role text not null check (role in ('teacher', 'parent')),
  password_hash text not null,
  created_at integer not null,
  expires_at integer not null,
  used_at integer
) strict, without rowid;

create index registrations_by_email on registrations (email, created_at);
create index registrations_by_age on registrations (expires_at);

-- Links that set a new password.
create table password_resets (
  token_hash text primary key,
  school_id text not null,
  user_id text not null references users (id),
  created_at integer not null,
  expires_at integer not null,
  used_at integer
) strict, without rowid;

create index password_resets_by_user on password_resets (school_id, user_id);
create index password_resets_by_age on password_resets (expires_at);

-- domain::audit::AuditEvent, one column a field.
create table audit_events (
  id text primary key,
  school_id text not null,
  at integer not null,
  actor_kind text not null,
  actor_id text not null,
  action text not null,
  target_kind text,
  target_id text,
  reason text,
  address text,
  country text,
  request_id text not null,
  detail text
) strict, without rowid;

create index audit_events_by_school on audit_events (school_id, id);

-- The chain: each seal holds the hash of the one before it and of its event.
create table audit_seals (
  school_id text not null,
  seq integer not null,
  event_id text not null unique references audit_events (id),
  previous_hash text not null,
  hash text not null,
  primary key (school_id, seq)
) strict, without rowid;

create trigger audit_events_are_not_changed before update on audit_events
begin
  select raise (abort, 'audit events are immutable');
end;
create trigger audit_events_are_not_deleted before delete on audit_events
begin
  select raise (abort, 'audit events are immutable');
end;
create trigger audit_seals_are_not_changed before update on audit_seals
begin
  select raise (abort, 'audit seals are immutable');
end;
create trigger audit_seals_are_not_deleted before delete on audit_seals
begin
  select raise (abort, 'audit seals are immutable');
end;
