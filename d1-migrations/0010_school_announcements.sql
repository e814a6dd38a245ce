-- What the admins of a school say to all its people. `seq` counts up by one in each school.
create table school_announcements (
  school_id text not null references schools (id),
  seq integer not null,
  id text not null unique,
  text text not null,
  by_user text not null references users (id),
  at integer not null,
  -- when every shard of the school's channel had it; null until then
  told_at integer,
  primary key (school_id, seq)
) strict, without rowid;

create index school_announcements_untold on school_announcements (school_id, at) where told_at is null;
