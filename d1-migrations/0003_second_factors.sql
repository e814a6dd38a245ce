-- Second factors. No secret is here: those of authenticator apps are derived from a key that D1 does not have, recovery codes
-- are hashed with it, and a passkey's key is public.

create table factors (
  id text primary key,
  school_id text not null references schools (id),
  user_id text not null references users (id),
  type text not null check (type in ('totp', 'passkey')),
  name text not null,
  created_at integer not null,
  -- null: set up, but no code has come yet; such a factor is asked of nobody
  confirmed_at integer,
  last_used_at integer,
  -- totp: which key and nonce the secret is derived from, and the last step whose code was used
  kid text,
  nonce text,
  last_step integer,
  -- passkey: base64url; JSON Web Key; JSON array
  credential_id text unique,
  public_key text,
  sign_count integer,
  transports text,
  aaguid text,
  is_backup_eligible integer,
  is_backed_up integer,
  check (type = 'passkey' or (kid is not null and nonce is not null)),
  check (type = 'totp' or (
    confirmed_at is not null and credential_id is not null and public_key is not null and sign_count is not null
      and transports is not null and is_backup_eligible is not null))
) strict, without rowid;

create index factors_by_user on factors (school_id, user_id);

create table recovery_codes (
  user_id text not null references users (id),
  -- HMAC-SHA256 with the key of this kid
  hash text not null,
  school_id text not null references schools (id),
  kid text not null,
  created_at integer not null,
  used_at integer,
  primary key (user_id, hash)
) strict, without rowid;

-- What may be used once: nonces of challenges, steps of codes, recovery codes. A row is written in the batch that does what it
-- allows, so that a second use fails the whole batch.
create table used_challenges (
  id text primary key,
  -- when nobody can use it any more, so that the row may go
  expires_at integer not null
) strict, without rowid;

create index used_challenges_by_expiry on used_challenges (expires_at);
