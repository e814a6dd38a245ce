-- Keys with kinds and scopes, invitations, co-teachers, parents of pupils. `last_event` is the id of the audit event that tells
-- of a row's last change: the event is written only where its own change happened.

alter table game_keys add column kind text not null default 'experience' check (kind in ('experience', 'integration'));
-- domain::key::KeyScope, as a JSON array
alter table game_keys add column scopes text not null default '["game"]';
alter table game_keys add column last_four text not null default '';
alter table game_keys add column rotated_from text;
alter table game_keys add column created_by text;
alter table game_keys add column last_event text;

-- A key has one successor at most: whoever rotates it twice is told of the first one.
create unique index game_keys_by_predecessor on game_keys (rotated_from) where rotated_from is not null;

alter table schools add column last_event text;
alter table users add column last_event text;

-- Who runs a class beside its owner.
create table class_teachers (
  class_id text not null references classes (id),
  user_id text not null references users (id),
  school_id text not null references schools (id),
  added_at integer not null,
  primary key (class_id, user_id)
) strict, without rowid;

create index class_teachers_by_user on class_teachers (school_id, user_id);

-- The one place that says who runs a class.
create view class_staff as
  select id as class_id, school_id, teacher_id as user_id, created_at as since, 1 as is_owner from classes
  union all
  select class_id, school_id, user_id, added_at as since, 0 as is_owner from class_teachers;

create table invitations (
  id text primary key,
  school_id text not null references schools (id),
  -- SHA-256, hex; the token itself is in the mail only
  token_hash text not null unique,
  email text not null,
  role text not null check (role in ('admin', 'teacher', 'parent')),
  class_id text references classes (id),
  seat_id text,
  -- the pupil's name, for a parent
  seat_name text,
  invited_by text not null references users (id),
  created_at integer not null,
  expires_at integer not null,
  accepted_at integer,
  accepted_by text,
  withdrawn_at integer,
  last_event text
) strict, without rowid;

create index invitations_by_school on invitations (school_id, id);
create index invitations_by_address on invitations (school_id, email);
create index invitations_by_age on invitations (expires_at);

-- The one place that says which invitations still hold, but for their time: who invited must still have the right to.
create view open_invitations as
  select i.id, i.school_id, i.token_hash, i.expires_at
  from invitations i join users u on u.id = i.invited_by
  where i.accepted_at is null and i.withdrawn_at is null and u.school_id = i.school_id and u.state = 'active'
    and u.removed_at is null
    and (u.role = 'admin'
      or u.role = 'teacher' and i.class_id is not null and i.role <> 'admin' and exists (
        select 1 from class_staff s where s.school_id = i.school_id and s.class_id = i.class_id and s.user_id = u.id)
      or u.role = 'teacher' and i.class_id is null and i.role = 'parent');

-- What a teacher hands out to a pupil's parent, as a MAC.
create table guardian_codes (
  code_hash text primary key,
  school_id text not null references schools (id),
  class_id text not null references classes (id),
  seat_id text not null,
  display_name text not null,
  created_at integer not null,
  expires_at integer not null,
  used_at integer,
  used_by text
) strict, without rowid;

create index guardian_codes_by_seat on guardian_codes (school_id, class_id, seat_id);
create index guardian_codes_by_age on guardian_codes (expires_at);

-- Parents of pupils. `school_id` is the class's; a parent with an account of their own may have children in several schools.
create table guardians (
  id text primary key,
  school_id text not null references schools (id),
  class_id text not null references classes (id),
  seat_id text not null,
  display_name text not null,
  user_school_id text not null references schools (id),
  user_id text not null references users (id),
  created_at integer not null,
  last_event text,
  unique (class_id, seat_id, user_id)
) strict, without rowid;

create index guardians_by_user on guardians (user_school_id, user_id, id);
