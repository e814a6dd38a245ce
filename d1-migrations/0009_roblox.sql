-- Games in Roblox: who runs them, their content and its versions, pupils' progress, what their servers report, and the
-- connections to Open Cloud. No Roblox user id stands in these tables: pupils are seats, and the ids are in their rooms alone.

create table roblox_games (
  id text primary key,
  school_id text not null references schools (id),
  owner_id text not null references users (id),
  class_id text references classes (id),
  title text not null,
  description text not null,
  subject text not null,
  grade_level integer not null,
  max_players integer not null,
  -- Roblox's own ids, as the caller gave them; null until then
  universe_id text,
  place_id text,
  template_id text,
  -- a JSON object
  settings text not null,
  status text not null check (status in ('active', 'paused', 'archived')),
  -- the version of the content that the game's servers get; null while there is none
  live_version integer,
  -- counts the changes; the ETag
  revision integer not null default 1,
  created_at integer not null,
  updated_at integer not null,
  archived_at integer
) strict, without rowid;

create index roblox_games_by_school on roblox_games (school_id, id);
create index roblox_games_by_class on roblox_games (class_id);
create index roblox_games_by_universe on roblox_games (school_id, universe_id);

-- The one place that says who runs a game: its owner and whoever runs its class.
create view roblox_game_staff as
  select id as game_id, school_id, owner_id as user_id from roblox_games
  union all
  select g.id as game_id, g.school_id, s.user_id from roblox_games g
    join class_staff s on s.school_id = g.school_id and s.class_id = g.class_id;

create table roblox_content (
  id text primary key,
  school_id text not null references schools (id),
  owner_id text not null references users (id),
  kind text not null check (kind in ('lesson', 'quiz', 'activity', 'terrain', 'script')),
  title text not null,
  subject text not null,
  grade_level integer not null,
  template_id text,
  -- a JSON object; null while it is generated
  body text,
  -- what was asked for, where it is generated
  brief text,
  status text not null check (status in ('draft', 'queued', 'generating', 'ready', 'failed', 'archived')),
  failure text,
  revision integer not null default 1,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

create index roblox_content_by_school on roblox_content (school_id, id);
create index roblox_content_unfinished on roblox_content (updated_at) where status in ('queued', 'generating');

-- What a deployment made of a content: immutable, whatever becomes of the content.
create table roblox_versions (
  game_id text not null references roblox_games (id),
  version integer not null,
  school_id text not null references schools (id),
  content_id text not null,
  kind text not null,
  title text not null,
  body text not null,
  published_at integer not null,
  primary key (game_id, version)
) strict, without rowid;

create trigger roblox_versions_are_immutable before update on roblox_versions
begin
  select raise (abort, 'versions are immutable');
end;

create table roblox_deployments (
  id text primary key,
  school_id text not null references schools (id),
  game_id text not null references roblox_games (id),
  content_id text not null references roblox_content (id),
  requested_by text not null,
  status text not null check (status in ('pending', 'deploying', 'deployed', 'failed', 'rolled_back')),
  failure text,
  version integer,
  -- what was live before, for a roll-back
  previous_version integer,
  notify integer not null,
  requested_at integer not null,
  started_at integer,
  completed_at integer,
  acknowledged_at integer,
  rolled_back_at integer
) strict, without rowid;

create index roblox_deployments_by_content on roblox_deployments (school_id, content_id, id);
create index roblox_deployments_by_game on roblox_deployments (school_id, game_id, id);
create index roblox_deployments_unfinished on roblox_deployments (requested_at) where status in ('pending', 'deploying');

create table roblox_progress (
  game_id text not null references roblox_games (id),
  seat_id text not null,
  school_id text not null references schools (id),
  class_id text not null references classes (id),
  percent integer not null,
  score integer,
  best_score integer,
  time_spent_s integer not null,
  -- a JSON array, each once
  objectives text not null,
  -- a JSON object
  data text not null,
  session_id text,
  -- the event that wrote last: an older one adds its time and takes nothing back
  reported_at integer not null,
  updated_at integer not null,
  primary key (game_id, seat_id)
) strict, without rowid;

create index roblox_progress_by_seat on roblox_progress (school_id, class_id, seat_id);

-- What was taken already: an event that comes again changes nothing.
create table roblox_progress_events (
  game_id text not null,
  event_id text not null,
  school_id text not null,
  seat_id text not null,
  -- SHA-256 of what the event says, hex
  fingerprint text not null,
  taken_at integer not null,
  primary key (game_id, event_id)
) strict, without rowid;

create index roblox_progress_events_by_age on roblox_progress_events (taken_at);
create index roblox_progress_events_by_seat on roblox_progress_events (school_id, seat_id);

create table roblox_checkpoints (
  id text primary key,
  school_id text not null references schools (id),
  game_id text not null references roblox_games (id),
  class_id text not null references classes (id),
  seat_id text not null,
  event_id text not null,
  fingerprint text not null,
  -- counts the pupil's checkpoints in the game
  no integer not null,
  name text not null,
  auto_save integer not null,
  data text not null,
  saved_at integer not null,
  unique (game_id, event_id)
) strict, without rowid;

create index roblox_checkpoints_by_seat on roblox_checkpoints (school_id, game_id, seat_id, no);

create table roblox_events (
  class_id text not null references classes (id),
  event_id text not null,
  school_id text not null references schools (id),
  game_id text,
  session_id text,
  seat_id text,
  type text not null,
  data text not null,
  fingerprint text not null,
  happened_at integer not null,
  taken_at integer not null,
  primary key (class_id, event_id)
) strict, without rowid;

create index roblox_events_by_session on roblox_events (school_id, session_id, type) where session_id is not null;
create index roblox_events_by_school on roblox_events (school_id, taken_at);
create index roblox_events_by_age on roblox_events (taken_at);

create table roblox_connections (
  id text primary key,
  school_id text not null references schools (id),
  universe_id text not null,
  -- the factor key that both secrets are sealed with
  kid text not null,
  api_key text not null,
  last_four text not null,
  webhook_secret text,
  created_by text not null references users (id),
  created_at integer not null,
  last_event text,
  unique (school_id, universe_id)
) strict, without rowid;

-- Roblox's notifications, each once. What one says of a person is here until it is carried out.
create table roblox_notifications (
  connection_id text not null,
  notification_id text not null,
  school_id text not null,
  type text not null,
  -- the user and the games of a request for erasure; null when it is done
  payload text,
  received_at integer not null,
  done_at integer,
  primary key (connection_id, notification_id)
) strict, without rowid;

create index roblox_notifications_undone on roblox_notifications (received_at) where done_at is null;

-- Seats that are gone for good: a report that was under way does not bring them back.
create table erased_seats (
  class_id text not null references classes (id),
  seat_id text not null,
  school_id text not null references schools (id),
  erased_at integer not null,
  primary key (class_id, seat_id)
) strict, without rowid;

-- When the servers of a class were nudged last: at most once in a few seconds.
create table roblox_nudges (
  class_id text primary key references classes (id),
  school_id text not null references schools (id),
  version integer not null,
  sent_at integer not null
) strict, without rowid;
