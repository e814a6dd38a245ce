/** Routes that `openapi.json` does not have yet, as they were agreed. `npm run api` brings the real ones. */
import type { components } from './schema'

type Schemas = components['schemas']
type Role = Schemas['Role']

interface Json<T> {
  content: { 'application/json': T }
}

interface Params<Path, Query> {
  query?: Query
  header?: { Accept?: string; 'Idempotency-Key'?: string }
  path: Path
  cookie?: never
}

interface OpenParams<Query> {
  query?: Query
  header?: { Accept?: string; 'Idempotency-Key'?: string }
  path?: never
  cookie?: never
}

interface Answers<Out> {
  200: { headers: Record<string, unknown> } & Json<Out>
  default: { headers: Record<string, unknown>; content: { 'application/problem+json': Schemas['Problem'] } }
}

interface Read<Out, Path = never, Query = never> {
  parameters: [Path] extends [never] ? OpenParams<Query> : Params<Path, Query>
  requestBody?: never
  responses: Answers<Out>
}

interface Write<In, Out, Path = never> {
  parameters: [Path] extends [never] ? OpenParams<never> : Params<Path, never>
  requestBody: Json<In>
  responses: Answers<Out>
}

interface Nothing {
  parameters: OpenParams<never>
  get?: never
  put?: never
  post?: never
  delete?: never
  options?: never
  head?: never
  patch?: never
  trace?: never
}

type Route<Methods> = Omit<Nothing, keyof Methods> & Methods

type SignedInOut = Schemas['SignedInOut'] & { status: 'signed_in' }

export type FactorMethod = 'totp' | 'passkey' | 'recovery_code'

export interface SecondFactorNeeded {
  status: 'second_factor_required'
  challenge: string
  expires_in: number
  methods: FactorMethod[]
}

export interface Factor {
  id: string
  type: 'totp' | 'passkey'
  name: string
  created_at: string
  last_used_at: string | null
}

export interface Factors {
  items: Factor[]
  recovery_codes_left: number
  required_by_school: boolean
}

export interface Provider {
  id: string
  name: string
}

export interface LinkedIdentity {
  id: string
  provider: string
  email: string | null
  created_at: string
}

/** What the browser makes of a ceremony's options, as JSON. */
export type CredentialJson = object

export interface Ceremony {
  ceremony: string
  public_key: object
}

export interface School {
  id: string
  name: string
  is_personal: boolean
  require_second_factor: boolean
}

export type UserState = 'active' | 'suspended' | 'unverified'

export interface Member {
  id: string
  email: string
  display_name: string
  role: Role
  state: UserState
  created_at: string
  last_seen_at: string | null
  has_second_factor: boolean
}

export interface Invitation {
  id: string
  email: string
  role: Role
  class_id: string | null
  seat_id: string | null
  created_at: string
  expires_at: string
}

export interface InvitationPreview {
  school_name: string
  role: Role
  email: string
  needs_account: boolean
}

export interface GuardianLink {
  id: string
  class_id: string
  class_name: string
  seat_id: string
  display_name: string
}

export interface ClassTeacher {
  id: string
  display_name: string
  email: string
  is_owner: boolean
}

export type KeyKind = 'experience' | 'integration'
export type KeyScope = 'game' | 'classes:read' | 'results:read' | 'quizzes:read' | 'audit:read'

export interface Key {
  id: string
  name: string
  kind: KeyKind
  scopes: KeyScope[]
  created_at: string
  expires_at: string | null
  last_used_at: string | null
  revoked_at: string | null
  last_four: string
}

export interface AuditEvent {
  id: string
  at: string
  action: string
  actor: { kind: string; id: string; name: string | null }
  target: { kind: string; id: string } | null
  reason: string | null
  address: string | null
  country: string | null
  request_id: string | null
  detail: unknown
  seal: { seq: number; hash: string } | null
}

interface List<T> {
  items: T[]
  next_cursor?: string | null
}

interface Paging {
  cursor?: string
  limit?: number
}

type Sent = { status: string }
type Codes = { recovery_codes: string[] | null }

export interface PendingPaths {
  '/api/v1/auth/login': Route<{
    post: Write<{ email: string; password: string }, SignedInOut | SecondFactorNeeded>
  }>
  '/api/v1/auth/login/second-factor': Route<{
    post: Write<
      {
        challenge: string
        code?: string
        recovery_code?: string
        ceremony?: string
        credential?: CredentialJson
      },
      SignedInOut
    >
  }>
  '/api/v1/auth/passkeys/assertion-options': Route<{ post: Write<{ challenge?: string }, Ceremony> }>
  '/api/v1/auth/login/passkey': Route<{
    post: Write<{ ceremony: string; credential: CredentialJson }, SignedInOut>
  }>
  '/api/v1/auth/step-up': Route<{
    post: Write<
      {
        password?: string
        code?: string
        recovery_code?: string
        ceremony?: string
        credential?: CredentialJson
      },
      { access_token: string; token_type: string; expires_in: number; stepped_up_until: string }
    >
  }>
  '/api/v1/auth/factors': Route<{ get: Read<Factors> }>
  '/api/v1/auth/factors/totp': Route<{
    post: Write<{ name?: string }, { id: string; secret: string; otpauth_uri: string }>
  }>
  '/api/v1/auth/factors/totp/{factor_id}/confirm': Route<{
    post: Write<{ code: string }, Codes, { factor_id: string }>
  }>
  '/api/v1/auth/passkeys/registration-options': Route<{ post: Read<Ceremony> }>
  '/api/v1/auth/passkeys': Route<{
    post: Write<{ ceremony: string; name: string; credential: CredentialJson }, Codes & { factor: Factor }>
  }>
  '/api/v1/auth/factors/{factor_id}': Route<{ delete: Read<undefined, { factor_id: string }> }>
  '/api/v1/auth/recovery-codes': Route<{ post: Read<{ recovery_codes: string[] }> }>
  '/api/v1/auth/providers': Route<{ get: Read<{ items: Provider[] }> }>
  '/api/v1/auth/identities': Route<{ get: Read<{ items: LinkedIdentity[] }> }>
  '/api/v1/auth/identities/{identity_id}': Route<{ delete: Read<undefined, { identity_id: string }> }>
  '/api/v1/auth/oidc/{provider}/link': Route<{ post: Read<{ url: string }, { provider: string }> }>
  '/api/v1/schools': Route<{ post: Write<{ name: string }, School> }>
  '/api/v1/schools/current': Route<{
    get: Read<School>
    patch: Write<{ name?: string; require_second_factor?: boolean }, School>
  }>
  '/api/v1/users': Route<{
    get: Read<List<Member>, never, Paging & { search?: string; role?: Role; state?: UserState }>
  }>
  '/api/v1/users/{user_id}': Route<{
    get: Read<Member, { user_id: string }>
    patch: Write<{ role: Role }, Member, { user_id: string }>
    delete: Read<undefined, { user_id: string }>
  }>
  '/api/v1/users/{user_id}/suspend': Route<{ post: Write<{ reason: string }, Member, { user_id: string }> }>
  '/api/v1/users/{user_id}/restore': Route<{ post: Read<Member, { user_id: string }> }>
  '/api/v1/invitations': Route<{
    get: Read<List<Invitation>, never, Paging>
    post: Write<{ email: string; role: Role; class_id?: string; seat_id?: string }, Invitation>
  }>
  '/api/v1/invitations/{invitation_id}': Route<{ delete: Read<undefined, { invitation_id: string }> }>
  '/api/v1/invitations/preview': Route<{ post: Write<{ token: string }, InvitationPreview> }>
  '/api/v1/invitations/accept': Route<{
    post: Write<{ token: string; display_name?: string; password?: string }, Sent>
  }>
  '/api/v1/classes/{class_id}/seats/{seat_id}/guardian-code': Route<{
    post: Read<{ code: string; expires_at: string }, { class_id: string; seat_id: string }>
  }>
  '/api/v1/guardians/links': Route<{
    get: Read<{ items: GuardianLink[] }>
    post: Write<{ code: string }, GuardianLink>
  }>
  '/api/v1/guardians/links/{link_id}': Route<{ delete: Read<undefined, { link_id: string }> }>
  '/api/v1/classes/{class_id}/teachers': Route<{ get: Read<{ items: ClassTeacher[] }, { class_id: string }> }>
  '/api/v1/classes/{class_id}/teachers/{user_id}': Route<{
    delete: Read<undefined, { class_id: string; user_id: string }>
  }>
  '/api/v1/keys': Route<{
    get: Read<{ items: Key[] }>
    post: Write<
      { name: string; kind: KeyKind; scopes: KeyScope[]; expires_at?: string },
      Key & { key: string }
    >
  }>
  '/api/v1/keys/{key_id}': Route<{ delete: Read<undefined, { key_id: string }> }>
  '/api/v1/keys/{key_id}/rotate': Route<{
    post: Write<{ overlap_s?: number }, Key & { key: string }, { key_id: string }>
  }>
  '/api/v1/audit': Route<{
    get: Read<
      List<AuditEvent>,
      never,
      Paging & { actor?: string; action?: string; target?: string; after?: string; before?: string }
    >
  }>
}
