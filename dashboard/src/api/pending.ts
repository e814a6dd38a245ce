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
  user_id: string
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

export interface PendingPaths {
  '/api/v1/auth/login/second-factor': Route<{ post: Write<Schemas['SecondFactorIn'], SignedInOut> }>
  '/api/v1/auth/login/passkey': Route<{ post: Write<Schemas['PasskeyLoginIn'], SignedInOut> }>
  '/api/v1/auth/refresh': Route<{ post: Write<Schemas['RefreshIn'], SignedInOut> }>
  '/api/v1/auth/sessions': Route<{ get: Read<{ items: Schemas['SessionOut'][] }> }>
  '/api/v1/invitations': Route<{
    get: Read<List<Invitation>, never, Paging>
    post: Write<{ email: string; role: Role; class_id?: string; seat_id?: string }, Invitation>
  }>
  '/api/v1/invitations/{invitation_id}': Route<{ delete: Read<undefined, { invitation_id: string }> }>
  '/api/v1/invitations/preview': Route<{ post: Write<{ token: string }, InvitationPreview> }>
  '/api/v1/invitations/accept': Route<{
    post: Write<{ token: string; display_name?: string; password?: string }, { status: string }>
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
