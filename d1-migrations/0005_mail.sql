-- What became of each mail, so that a job that comes twice sends one. No address, name or link is kept here.
create table mails (
  id text primary key,
  -- mail::Letter::kind
  kind text not null,
  state text not null check (state in ('waiting', 'sending', 'sent', 'failed')),
  -- counts the tries; what a try writes at its end counts only while no later one has begun
  attempts integer not null,
  -- while it is being sent: until when nobody else tries
  claimed_until integer not null,
  created_at integer not null,
  sent_at integer
) strict, without rowid;

create index mails_by_age on mails (created_at);
create index dead_letters_by_age on dead_letters (received_at);
