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

interface List<T> {
  items: T[]
  next_cursor?: string | null
}

interface Paging {
  cursor?: string
  limit?: number
}

export interface PendingPaths {
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
}
