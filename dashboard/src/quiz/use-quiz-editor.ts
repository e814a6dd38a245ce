/** Saving and publishing a draft: what is dirty, what went wrong, and what to do when two people edit one quiz. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { api, unwrap, unwrapWithEtag } from '../api/client'
import { idempotencyKeys } from '../api/forms'
import { ApiError, invalidFields } from '../api/problem'
import { keys } from '../api/queries'
import { notify } from '../ui/notices'
import { type DraftQuiz, numberErrors, toDraft, toQuizIn, withErrors, withKnownIds } from './draft'

export interface SavedQuiz {
  id: string
  etag: string | null
  publishedVersion: number | null
}

export type Pending = 'save' | 'publish' | null

/** The statuses by which the server says "somebody else was faster". */
const CONFLICT_STATUSES = [409, 412]

/** Only ids that the server gave are ever sent back: one that it does not know any more was removed by somebody else. */
function isConflict(cause: unknown): boolean {
  if (!(cause instanceof ApiError)) return false
  return CONFLICT_STATUSES.includes(cause.status) || cause.errors.some(({ code }) => code === 'unknown_id')
}

/** The state of the editor and its deeds. */
export function useQuizEditor(initialSaved: SavedQuiz | null, initial: DraftQuiz) {
  const client = useQueryClient()
  const [, navigate] = useLocation()
  const [draft, setDraftState] = useState(initial)
  const [saved, setSaved] = useState(initialSaved)
  const [savedBody, setSavedBody] = useState(() => JSON.stringify(toQuizIn(initial)))
  const [pending, setPending] = useState<Pending>(null)
  const [error, setError] = useState<unknown>(null)
  const [hasConflict, setConflict] = useState(false)
  const [keyFor] = useState(idempotencyKeys)
  const isDirty = JSON.stringify(toQuizIn(draft)) !== savedBody

  useWarnBeforeLeaving(isDirty)

  const fail = (cause: unknown) => {
    if (isConflict(cause)) {
      setConflict(true)
      return
    }
    setError(cause)
    const errors = cause instanceof ApiError ? cause.errors : []
    setDraftState((current) => withErrors(current, errors))
    if (errors.length > 0) window.scrollTo({ top: 0 })
  }

  const send = async (etag: string | null, draft: DraftQuiz): Promise<SavedQuiz> => {
    const notNumeric = numberErrors(draft)
    if (notNumeric.length > 0) throw invalidFields(notNumeric)
    const body = toQuizIn(draft)
    const { data, etag: newEtag } = saved
      ? await unwrapWithEtag(
          api.PUT('/api/v1/quizzes/{quiz_id}', {
            params: { path: { quiz_id: saved.id }, header: { 'If-Match': etag ?? '*' } },
            body,
          }),
        )
      : await unwrapWithEtag(
          api.POST('/api/v1/quizzes', { params: { header: { 'Idempotency-Key': keyFor(body) } }, body }),
        )
    const next = { id: data.id, etag: newEtag, publishedVersion: data.published_version ?? null }
    setSaved(next)
    setSavedBody(JSON.stringify(body))
    setDraftState((current) => withErrors(current, []))
    setError(null)
    void client.invalidateQueries({ queryKey: keys.quizzes })
    return next
  }

  const run = async (kind: Pending, deed: () => Promise<void>) => {
    if (pending !== null) return
    setPending(kind)
    try {
      await deed()
    } catch (cause) {
      fail(cause)
    } finally {
      setPending(null)
    }
  }

  const save = () =>
    run('save', async () => {
      const next = await send(saved?.etag ?? null, draft)
      notify('Saved.')
      if (!saved) navigate(`/quizzes/${next.id}`, { replace: true })
    })

  const publish = () =>
    run('publish', async () => {
      const current = saved && !isDirty ? saved : await send(saved?.etag ?? null, draft)
      const path = { quiz_id: current.id }
      const { version } = await unwrap(api.POST('/api/v1/quizzes/{quiz_id}/publish', { params: { path } }))
      setSaved({ ...current, publishedVersion: version })
      void client.invalidateQueries({ queryKey: keys.quizzes })
      notify(`Published as version ${version}. Classes can play it now.`)
      if (!saved) navigate(`/quizzes/${current.id}`, { replace: true })
    })

  const loadTheirs = (id: string) =>
    unwrapWithEtag(api.GET('/api/v1/quizzes/{quiz_id}', { params: { path: { quiz_id: id } } }))

  const takeTheirs = async () => {
    if (!saved) return
    const { data, etag } = await loadTheirs(saved.id)
    const theirs = toDraft(data)
    setDraftState(theirs)
    setSaved({ id: data.id, etag, publishedVersion: data.published_version ?? null })
    setSavedBody(JSON.stringify(toQuizIn(theirs)))
    setError(null)
    setConflict(false)
  }

  const keepMine = async () => {
    if (!saved) return
    const { data, etag } = await loadTheirs(saved.id)
    const mine = withKnownIds(draft, toDraft(data))
    setDraftState(mine)
    setConflict(false)
    await run('save', async () => {
      await send(etag, mine)
      notify('Saved, over the other version.')
    })
  }

  return {
    draft,
    setDraft: setDraftState,
    saved,
    isDirty,
    pending,
    error,
    hasConflict,
    dismissConflict: () => setConflict(false),
    save: () => void save(),
    publish: () => void publish(),
    takeTheirs,
    keepMine,
  }
}

/** Closing the tab with unsaved changes asks first. */
function useWarnBeforeLeaving(isDirty: boolean): void {
  useEffect(() => {
    if (!isDirty) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [isDirty])
}
