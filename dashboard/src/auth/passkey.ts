/** Passkeys: between the server's JSON and what the browser's authenticators want and give. */
import { explain } from '../api/problem'
import { type Client, publicApi, unwrap } from '../api/public'
import type { AssertionCredential, RegistrationCredential } from '../api/types'

/** What the server checks: the ceremony that it began, and what the authenticator made of it. */
export interface Assertion {
  ceremony: string
  credential: AssertionCredential
}

/** Asks for a passkey. With a challenge of a sign-in, only one of that account's. */
export async function askForPasskey(
  body: { challenge?: string },
  client: Client = publicApi,
): Promise<Assertion> {
  const { ceremony, public_key } = await unwrap(
    client.POST('/api/v1/auth/passkeys/assertion-options', { body }),
  )
  const credential = await navigator.credentials.get({ publicKey: toRequestOptions(public_key) })
  return { ceremony, credential: toJson(credential) as AssertionCredential }
}

/** Makes a passkey out of the server's options. */
export async function makePasskey(options: object): Promise<RegistrationCredential> {
  const credential = await navigator.credentials.create({ publicKey: toCreationOptions(options) })
  return toJson(credential) as RegistrationCredential
}

/** Why it did not work, for a person. */
export function explainPasskey(error: unknown): string {
  if (!(error instanceof DOMException)) return explain(error)
  switch (error.name) {
    case 'InvalidStateError':
      return 'This device has a passkey for this account already.'
    case 'NotAllowedError':
    case 'AbortError':
      return 'No passkey was used. Try again, or choose another way.'
    default:
      return 'This device could not use a passkey. Choose another way.'
  }
}

interface CredentialDescriptorJson {
  id: string
}

interface OptionsJson {
  challenge: string
  user?: { id: string }
  excludeCredentials?: CredentialDescriptorJson[]
  allowCredentials?: CredentialDescriptorJson[]
}

/** Browsers that lack the standard's own reading of JSON get this one, which knows the members that hold bytes. */
export function readOptions(json: object): object {
  const options = json as OptionsJson
  const withBytes = (list: CredentialDescriptorJson[]) =>
    list.map((item) => ({ ...item, id: fromBase64Url(item.id) }))
  return {
    ...options,
    challenge: fromBase64Url(options.challenge),
    ...(options.user && { user: { ...options.user, id: fromBase64Url(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: withBytes(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: withBytes(options.allowCredentials) }),
  }
}

type Parser = ((json: object) => object) | undefined

function toRequestOptions(json: object): PublicKeyCredentialRequestOptions {
  const parse = PublicKeyCredential.parseRequestOptionsFromJSON as unknown as Parser
  return (parse?.call(PublicKeyCredential, json) ?? readOptions(json)) as PublicKeyCredentialRequestOptions
}

function toCreationOptions(json: object): PublicKeyCredentialCreationOptions {
  const parse = PublicKeyCredential.parseCreationOptionsFromJSON as unknown as Parser
  return (parse?.call(PublicKeyCredential, json) ?? readOptions(json)) as PublicKeyCredentialCreationOptions
}

function toJson(credential: Credential | null): object {
  if (credential === null) throw new DOMException('No credential.', 'NotAllowedError')
  const made = credential as PublicKeyCredential
  const write = made.toJSON as (() => object) | undefined
  return write?.call(made) ?? writeCredential(made)
}

/** The same for what an authenticator gave. */
export function writeCredential(credential: PublicKeyCredential): object {
  const { id, type, rawId, response } = credential
  const attestation = response as Partial<AuthenticatorAttestationResponse>
  const assertion = response as Partial<AuthenticatorAssertionResponse>
  const bytes = Object.fromEntries(
    Object.entries({
      clientDataJSON: response.clientDataJSON,
      attestationObject: attestation.attestationObject,
      authenticatorData: assertion.authenticatorData,
      signature: assertion.signature,
      userHandle: assertion.userHandle,
    }).flatMap(([name, value]) => (value ? [[name, toBase64Url(value)]] : [])),
  )
  return {
    id,
    type,
    rawId: toBase64Url(rawId),
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...bytes, ...(attestation.getTransports && { transports: attestation.getTransports() }) },
  }
}

/** The bytes of a text in base64url. */
export function fromBase64Url(text: string): ArrayBuffer {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0)).buffer
}

/** Bytes as base64url, without padding. */
export function toBase64Url(bytes: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(bytes))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
