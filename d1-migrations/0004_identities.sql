-- Accounts of other providers (OpenID Connect) that people sign in with. The key of one is the issuer and the subject there,
-- never an address.

create table identities (
  id text primary key,
  school_id text not null references schools (id),
  user_id text not null references users (id),
  issuer text not null,
  subject text not null,
  -- the provider's id in the configuration when it was linked
  provider text not null,
  -- what the person knows the account by: an address or a user name
  account text,
  created_at integer not null,
  last_used_at integer,
  unique (issuer, subject)
) strict, without rowid;

create index identities_by_user on identities (school_id, user_id);

-- A person's accounts go where the person goes, and with them.
create trigger identities_follow_their_person after update of school_id on users
begin
  update identities set school_id = new.school_id where user_id = new.id;
end;

create trigger identities_go_with_their_person after update of removed_at on users when new.removed_at is not null
begin
  delete from identities where user_id = new.id;
end;
