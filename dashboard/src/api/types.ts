/**
 * The names the rest of the dashboard uses for what the API sends and takes. Everything here is taken from the types
 * generated from `openapi.json` (`npm run api`), so a change of the contract is a compile error, never a surprise.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type User = Schemas['UserOut']
export type SchoolClass = Schemas['ClassOut']
export type JoinPolicy = Schemas['JoinPolicy']
export type Seat = Schemas['Seat']
export type Question = Schemas['AuthorQuestion']
export type QuestionType = Schemas['QuestionType']
export type QuestionPart = Schemas['AuthorPart']
export type Quiz = Schemas['QuizOut']
export type QuizIn = Schemas['AuthorQuiz']
export type QuizSummary = Schemas['QuizSummary']
export type LiveSession = Schemas['LiveSession']
export type LeaderboardItem = Schemas['LeaderboardItem']
export type Results = Schemas['Results']
export type ResultsQuestion = Schemas['ResultQuestion']
export type Notification = Schemas['Notification']
export type Inbox = Schemas['Notifications']
export type FieldErrorCode = Schemas['FieldErrorCode']
export type Problem = Schemas['Problem']
export type Account = Schemas['MeOut']
export type SessionItem = Schemas['SessionOut']
/** What a sign-in answers once it is done. */
export type SignedInOut = Schemas['SignedInOut']
export type Role = Schemas['Role']
/** What a sign-in answers that is not done yet. */
export type SecondFactorNeeded = Schemas['SecondFactorOut']
export type FactorMethod = Schemas['Method']
export type Factor = Schemas['FactorOut']
export type Factors = Schemas['FactorsOut']
export type Provider = Schemas['ProviderOut']
export type LinkedIdentity = Schemas['IdentityOut']
/** What a browser gave for a passkey that is there, and for one that is new. */
export type AssertionCredential = Schemas['AssertionCredential']
export type RegistrationCredential = Schemas['RegistrationCredential']
export type Member = Schemas['PersonOut']
export type UserState = Schemas['PersonState']
export type School = Schemas['SchoolDetails']
export type Key = Schemas['KeyOut']
export type KeyKind = Key['kind']
export type KeyScope = Key['scopes'][number]
/** A server that is told what happens on a class's live channels. */
export type Webhook = Schemas['ClassWebhookOut']
export type WebhookEvent = Schemas['WebhookEvent']
export type AuditEvent = Schemas['AuditEventOut']
export type AuditAction = Schemas['AuditAction']
export type Invitation = Schemas['InvitationOut']
export type InvitationPreview = Schemas['PreviewOut']
/** A Studio plugin that is paired, and one that wants to be. */
export type Plugin = Schemas['SchoolPluginOut']
export type Pairing = Schemas['WaitingPluginOut']
export type Capability = Schemas['Capability']
/** Content that was generated, with the keys of its questions. */
export type Generated = Schemas['ContentResponse']
/** A game in Roblox, in lists and alone. */
export type Game = Schemas['GameOut']
export type GameDetail = Schemas['GameDetail']
export type GameStatus = Schemas['GameStatus']
/** What a game's servers get: content in the making, where it can begin, and its versions in a game. */
export type Content = Schemas['ContentSummary']
export type ContentKind = Schemas['ContentKind']
export type ContentStatus = Schemas['ContentStatus']
export type ContentTemplate = Schemas['TemplateOut']
export type Deployment = Schemas['GameDeployment']
export type DeploymentStatus = Schemas['DeploymentStatus']
export type ClassTeacher = Schemas['ClassTeacherOut']
/** A parent of a pupil, for the pupil's teachers. */
export type Guardian = Schemas['GuardianOut']
export type GuardianLink = Schemas['GuardianLinkOut']
/** What a pupil made of one session, for their parents. */
export type PupilSession = Schemas['PupilSessionOut']
