-- What the D1 peers keep: the same facts as our room does, in the fewest rows that a careful author would need. The row
-- of an answer is its event and its ledger entry as well.
create table sessions (
  id text primary key,
  class_id text not null,
  status text not null,
  quiz text not null
) strict, without rowid;

create table seats (
  id text primary key,
  class_id text not null,
  user_id text not null,
  display_name text not null,
  xp integer not null default 0,
  unique (class_id, user_id)
) strict, without rowid;

create table answers (
  event_id text primary key,
  session_id text not null,
  seat_id text not null,
  question_id text not null,
  response text not null,
  correct integer not null,
  xp integer not null,
  at integer not null,
  request_id text not null,
  unique (session_id, seat_id, question_id)
) strict, without rowid;
