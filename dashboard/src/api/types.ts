/**
 * The names the rest of the dashboard uses for what the API sends and takes. Everything here is taken from the types
 * generated from `openapi.json` (`npm run api`), so a change of the contract is a compile error, never a surprise.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type User = Schemas['User']
export type SchoolClass = Schemas['Class']
export type ClassIn = Schemas['ClassIn']
export type JoinPolicy = SchoolClass['join_policy']
export type Seat = Schemas['Seat']
export type Question = Schemas['Question']
export type QuestionIn = Schemas['QuestionIn']
export type QuestionType = QuestionIn['type']
export type Quiz = Schemas['Quiz']
export type QuizIn = Schemas['QuizIn']
export type QuizSummary = Schemas['QuizSummary']
export type LiveSession = Schemas['LiveSession']
export type LiveSessionIn = Schemas['LiveSessionIn']
export type LeaderboardItem = Schemas['LeaderboardItem']
export type Results = Schemas['Results']
export type ResultsQuestion = Results['questions'][number]
export type RoomEvent = Schemas['RoomEvent']
export type Problem = Schemas['Problem']
