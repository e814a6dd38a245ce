-- People, classes, quizzes and what the rooms report. Every table but `schools` carries the school, and every statement
-- names it. Times are milliseconds since 1970 UTC. JSON columns hold what Rust types in src/ serialise.

create table schools (
  id text primary key,
  name text not null,
  created_at integer not null
) strict, without rowid;

create table users (
  id text primary key,
  school_id text not null references schools (id),
  email text not null unique,
  display_name text not null,
  role text not null check (role in ('admin', 'teacher', 'student', 'parent')),
  state text not null default 'active' check (state in ('active', 'suspended')),
  password_hash text not null,
  created_at integer not null
) strict, without rowid;

create index users_by_school on users (school_id, id);

create table classes (
  id text primary key,
  school_id text not null references schools (id),
  teacher_id text not null references users (id),
  name text not null,
  subject text not null,
  grade_level integer not null,
  capacity integer not null,
  join_policy text not null check (join_policy in ('open', 'approval')),
  -- null: the code is closed and nobody new comes in
  join_code text unique,
  room_key text not null unique,
  -- counts the changes; the ETag, and what tells a room whether it knows the newest
  revision integer not null default 1,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

create index classes_by_school on classes (school_id, id);

create table quizzes (
  id text primary key,
  school_id text not null references schools (id),
  owner_id text not null references users (id),
  title text not null,
  subject text not null,
  grade_level integer not null,
  -- domain::quiz::Quiz, with its keys: for its author and for the room only
  body text not null,
  question_count integer not null,
  revision integer not null default 1,
  -- the newest published version, and the revision of the draft that it was made of
  published_version integer,
  published_revision integer,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

create index quizzes_by_school on quizzes (school_id, id);

create table quiz_versions (
  quiz_id text not null references quizzes (id),
  version integer not null,
  school_id text not null references schools (id),
  body text not null,
  published_at integer not null,
  primary key (quiz_id, version)
) strict, without rowid;

create trigger quiz_versions_are_immutable before update on quiz_versions
begin
  select raise (abort, 'quiz versions are immutable');
end;

create table game_keys (
  id text primary key,
  school_id text not null references schools (id),
  name text not null,
  -- SHA-256 of the key, hex; the key itself is shown once and kept nowhere
  key_hash text not null unique,
  created_at integer not null,
  expires_at integer,
  revoked_at integer,
  last_used_at integer
) strict, without rowid;

create index game_keys_by_school on game_keys (school_id, id);

-- What a creating POST answered, kept for a day: the same key with the same body gets the same answer.
create table idempotency_keys (
  user_id text not null,
  key text not null,
  school_id text not null,
  fingerprint text not null,
  resource_id text not null,
  created_at integer not null,
  primary key (user_id, key)
) strict, without rowid;

create index idempotency_keys_by_age on idempotency_keys (created_at);

-- What the rooms report through their outboxes. `seq` is the room's: an older report never overwrites a newer one.

create table seats (
  class_id text not null references classes (id),
  seat_id text not null,
  school_id text not null,
  display_name text not null,
  status text not null check (status in ('active', 'pending', 'removed')),
  joined_at integer not null,
  seq integer not null,
  primary key (class_id, seat_id)
) strict, without rowid;

create table live_sessions (
  id text primary key,
  class_id text not null references classes (id),
  school_id text not null,
  -- domain::live_session::LiveSession
  body text not null,
  seq integer not null
) strict, without rowid;

create index live_sessions_by_class on live_sessions (class_id, id);

-- One row for up to 50 seats of a session, written over as the session goes on: a roll-up, not a row an answer.
create table session_sheets (
  session_id text not null references live_sessions (id),
  part integer not null,
  class_id text not null,
  school_id text not null,
  -- domain::results::SheetPart
  body text not null,
  seq integer not null,
  primary key (session_id, part)
) strict, without rowid;

-- Queue messages that failed for good, for a person to read and replay.
create table dead_letters (
  id text primary key,
  queue text not null,
  body text not null,
  received_at integer not null
) strict, without rowid;
