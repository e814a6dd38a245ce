import { describe, expect, it } from 'vitest'
import { Session, type SignedIn, SignedOutError } from './session'

function memoryStorage(): Storage {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
    removeItem: (key: string) => items.delete(key),
  } as unknown as Storage
}

const signedIn = (token: string): SignedIn => ({
  token,
  user: { id: 'usr_1', email: 't@example.org', display_name: 'Tess', role: 'teacher', school_id: 'sch_1' },
})

describe('session', () => {
  it('survives a reload of the tab', () => {
    const storage = memoryStorage()
    new Session(storage).signIn(signedIn('a'))
    expect(new Session(storage).token).toBe('a')
  })

  it('starts signed out when what is stored cannot be read', () => {
    const storage = memoryStorage()
    storage.setItem('toolboxai.session', '{broken')
    expect(new Session(storage).snapshot().signedIn).toBeNull()
  })

  it('lets a refused request go on once the user has signed in again', async () => {
    const session = new Session(memoryStorage())
    session.signIn(signedIn('old'))
    const renewed = session.renewed('old')
    expect(session.snapshot().expired).toBe(true)
    session.signIn(signedIn('new'))
    await renewed
    expect(session.snapshot()).toMatchObject({ expired: false, signedIn: { token: 'new' } })
  })

  it('does not ask again when the refused token is already replaced', async () => {
    const session = new Session(memoryStorage())
    session.signIn(signedIn('new'))
    await session.renewed('old')
    expect(session.snapshot().expired).toBe(false)
  })

  it('fails waiting requests when the user signs out instead', async () => {
    const session = new Session(memoryStorage())
    session.signIn(signedIn('old'))
    const renewed = session.renewed('old')
    session.signOut()
    await expect(renewed).rejects.toBeInstanceOf(SignedOutError)
  })
})
