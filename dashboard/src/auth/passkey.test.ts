import { describe, expect, it } from 'vitest'
import { fromBase64Url, readOptions, toBase64Url, writeCredential } from './passkey'

const bytes = (...values: number[]) => Uint8Array.from(values).buffer

describe('base64url', () => {
  it.each([[[]], [[0]], [[255, 254, 253]], [[251, 255, 191, 62]], [[1, 2, 3, 4, 5]]])(
    'gives back %j',
    (values) => {
      const text = toBase64Url(bytes(...values))
      expect(text).toMatch(/^[\w-]*$/)
      expect([...new Uint8Array(fromBase64Url(text))]).toEqual(values)
    },
  )
})

describe('in a browser that reads no JSON of its own', () => {
  it('options get their bytes, and everything else stays', () => {
    const options = readOptions({
      challenge: 'AQID',
      rp: { name: 'ToolboxAI Edge', id: 'localhost' },
      user: { id: 'BAU', name: 'a@example.org', displayName: 'Ada' },
      excludeCredentials: [{ type: 'public-key', id: 'Bg' }],
      timeout: 60_000,
    })
    expect(options).toEqual({
      challenge: bytes(1, 2, 3),
      rp: { name: 'ToolboxAI Edge', id: 'localhost' },
      user: { id: bytes(4, 5), name: 'a@example.org', displayName: 'Ada' },
      excludeCredentials: [{ type: 'public-key', id: bytes(6) }],
      timeout: 60_000,
    })
    expect(readOptions({ challenge: 'AQID', allowCredentials: [{ type: 'public-key', id: 'Bg' }] })).toEqual({
      challenge: bytes(1, 2, 3),
      allowCredentials: [{ type: 'public-key', id: bytes(6) }],
    })
  })

  it('an assertion is written as the standard does', () => {
    const credential = {
      id: 'Bg',
      type: 'public-key',
      rawId: bytes(6),
      authenticatorAttachment: null,
      getClientExtensionResults: () => ({}),
      response: {
        clientDataJSON: bytes(1),
        authenticatorData: bytes(2),
        signature: bytes(3),
        userHandle: null,
      },
    } as unknown as PublicKeyCredential
    expect(writeCredential(credential)).toEqual({
      id: 'Bg',
      type: 'public-key',
      rawId: 'Bg',
      clientExtensionResults: {},
      response: { clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: 'Aw' },
    })
  })

  it('a new passkey says by which ways it can be reached', () => {
    const credential = {
      id: 'Bg',
      type: 'public-key',
      rawId: bytes(6),
      authenticatorAttachment: 'platform',
      getClientExtensionResults: () => ({ credProps: { rk: true } }),
      response: {
        clientDataJSON: bytes(1),
        attestationObject: bytes(2),
        getTransports: () => ['internal'],
      },
    } as unknown as PublicKeyCredential
    expect(writeCredential(credential)).toMatchObject({
      authenticatorAttachment: 'platform',
      clientExtensionResults: { credProps: { rk: true } },
      response: { clientDataJSON: 'AQ', attestationObject: 'Ag', transports: ['internal'] },
    })
  })
})
