/** The routes. Sign-in and the list of classes load at once; every other page when it is first opened. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { lazy, type ReactNode, Suspense, useState } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { ApiError } from './api/problem'
import type { User } from './api/types'
import type { SignedIn } from './auth/state'
import { useSession } from './auth/use-session'
import { AnnouncementBanner } from './notifications/announcement-banner'
import { ClassesPage } from './pages/classes'
import { NotFoundPage } from './pages/not-found'
import { StartingPage } from './pages/starting'
import { SignInPage } from './pages/welcome/sign-in'
import { PageBoundary } from './ui/boundary'
import { Notices } from './ui/notices'
import { SessionNotices } from './ui/session-notices'
import { homeOf, SiteHeader } from './ui/site-header'
import { LoadingPage } from './ui/states'

const ClassPage = lazy(() => import('./pages/class'))
const ProjectorPage = lazy(() => import('./pages/projector'))
const ResultsPage = lazy(() => import('./pages/results'))
const QuizzesPage = lazy(() => import('./pages/quizzes'))
const GeneratePage = lazy(() => import('./pages/generate/generate'))
const QuizPage = lazy(() => import('./pages/quiz'))
const GamesPage = lazy(() => import('./pages/games/games'))
const GamePage = lazy(() => import('./pages/games/game'))
const GameContentPage = lazy(() => import('./pages/games/content/game-content'))
const StudioPage = lazy(() => import('./pages/studio/studio'))
const PairPage = lazy(() => import('./pages/studio/pair'))
const RegisterPage = lazy(() => import('./pages/welcome/register'))
const AcceptInvitationPage = lazy(() => import('./pages/welcome/accept-invitation'))
const AccountPage = lazy(() => import('./pages/account/account'))
const AnnouncementsPage = lazy(() => import('./pages/announcements/announcements'))
const FamilyPage = lazy(() => import('./pages/family/family'))
const SchoolPage = lazy(() => import('./pages/school/school'))
const VerifyEmailPage = lazy(() => import('./pages/welcome/verify-email'))
const ForgotPasswordPage = lazy(() => import('./pages/welcome/forgot-password'))
const ResetPasswordPage = lazy(() => import('./pages/welcome/reset-password'))

const RETRIES = 2

function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The server's "no" does not change by asking again; a lost connection or a hiccup may.
        retry: (count, error) =>
          count < RETRIES && error instanceof ApiError && (error.status === 0 || error.status >= 500),
        staleTime: 5_000,
      },
    },
  })
}

/** The whole dashboard: the pages for which nobody has to be signed in, then all others. */
export function App() {
  return (
    <Switch>
      <Route path="/register">
        <Framed>
          <RegisterPage />
        </Framed>
      </Route>
      <Route path="/verify-email">
        <Framed>
          <VerifyEmailPage />
        </Framed>
      </Route>
      <Route path="/forgot-password">
        <Framed>
          <ForgotPasswordPage />
        </Framed>
      </Route>
      <Route path="/reset-password">
        <Framed>
          <ResetPasswordPage />
        </Framed>
      </Route>
      <Route path="/accept-invitation">
        <Framed>
          <AcceptInvitationPage />
        </Framed>
      </Route>
      <Route>
        <OwnPages />
      </Route>
    </Switch>
  )
}

/** What was read for one user is never shown to the next: the key starts everything afresh. */
function OwnPages() {
  const state = useSession()
  if (state.status === 'starting') return <StartingPage isOffline={state.isOffline} />
  if (state.status === 'signed_out') return <SignInPage wasIdle={state.wasIdle} />
  return <SignedInApp key={`${state.user.id} ${state.user.school_id}`} state={state} />
}

function SignedInApp({ state }: { state: SignedIn }) {
  const [queryClient] = useState(newQueryClient)
  return (
    <QueryClientProvider client={queryClient}>
      <Switch>
        <Route path="/classes/:id/projector">
          {({ id }) => (
            <Framed key={id}>
              <ProjectorPage classId={id} />
            </Framed>
          )}
        </Route>
        <Route>
          <SiteHeader user={state.user} />
          <Pages home={homeOf(state.user)} user={state.user} />
        </Route>
      </Switch>
      <SessionNotices state={state} />
      <AnnouncementBanner schoolId={state.user.school_id} />
      <Notices />
    </QueryClientProvider>
  )
}

interface PagesProps {
  home: string
  user: User
}

function Pages({ home, user }: PagesProps) {
  const { role } = user
  return (
    <Switch>
      <Route path="/">
        <Redirect to={home} replace />
      </Route>
      <Route path="/sign-in">
        <Redirect to={home} replace />
      </Route>
      <Route path="/account/:tab?">
        {({ tab = 'profile' }) =>
          tab === 'profile' || tab === 'security' || tab === 'devices' ? (
            <Framed>
              <AccountPage tab={tab} />
            </Framed>
          ) : (
            <NotFoundPage />
          )
        }
      </Route>
      <Route path="/announcements">
        <Framed>
          <AnnouncementsPage user={user} />
        </Framed>
      </Route>
      {role === 'parent' && (
        <Route path="/family">
          <Framed>
            <FamilyPage />
          </Framed>
        </Route>
      )}
      {role === 'admin' && (
        <Route path="/school/:tab?">
          {({ tab = 'people' }) => (
            <Framed>
              <SchoolPage tab={tab} />
            </Framed>
          )}
        </Route>
      )}
      {role === 'parent' ? (
        <Route>
          <NotFoundPage />
        </Route>
      ) : (
        <Route>
          <TeachersPages />
        </Route>
      )}
    </Switch>
  )
}

function TeachersPages() {
  return (
    <Switch>
      <Route path="/classes">
        <ClassesPage />
      </Route>
      <Route path="/classes/:id">
        {({ id }) => (
          <Framed key={id}>
            <ClassPage classId={id} />
          </Framed>
        )}
      </Route>
      <Route path="/classes/:id/results">
        {({ id }) => (
          <Framed key={id}>
            <ResultsPage classId={id} />
          </Framed>
        )}
      </Route>
      <Route path="/quizzes">
        <Framed>
          <QuizzesPage />
        </Framed>
      </Route>
      <Route path="/quizzes/new">
        <Framed key="new">
          <QuizPage quizId={null} />
        </Framed>
      </Route>
      <Route path="/quizzes/generate">
        <Framed>
          <GeneratePage />
        </Framed>
      </Route>
      <Route path="/quizzes/:id">
        {({ id }) => (
          <Framed key={id}>
            <QuizPage quizId={id} />
          </Framed>
        )}
      </Route>
      <Route path="/studio">
        <Framed>
          <StudioPage />
        </Framed>
      </Route>
      <Route path="/pair">
        <Framed>
          <PairPage />
        </Framed>
      </Route>
      <Route path="/games">
        <Framed>
          <GamesPage />
        </Framed>
      </Route>
      <Route path="/games/:id">
        {({ id }) => (
          <Framed key={id}>
            <GamePage gameId={id} />
          </Framed>
        )}
      </Route>
      <Route path="/games/:id/content">
        {({ id }) => (
          <Framed key={id}>
            <GameContentPage gameId={id} />
          </Framed>
        )}
      </Route>
      <Route>
        <NotFoundPage />
      </Route>
    </Switch>
  )
}

function Framed({ children }: { children: ReactNode }) {
  return (
    <PageBoundary>
      <Suspense fallback={<LoadingPage />}>{children}</Suspense>
    </PageBoundary>
  )
}
