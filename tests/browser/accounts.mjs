/** New people for the tests: each test makes its own, so that none disturbs another. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { baseUrl, fillSignIn, linkInMail, openPage, screenshot } from './support.mjs'

export const PASSWORD = 'plum tractor sings 7'

let count = 0

/** An address that no other test or run has used. */
export function uniqueAddress(name) {
  count += 1
  return `${name}-${Date.now().toString(36)}${count}@example.org`
}

/** The token behind the `#` of a link. */
const tokenOf = (link) => new URLSearchParams(new URL(link).hash.slice(1)).get('token')

/** The API as anybody. */
export async function callPublic(path, body) {
  const response = await fetch(baseUrl + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.ok(response.ok, `POST ${path} answered ${response.status}: ${await response.clone().text()}`)
}

/** Registers somebody and confirms their address; `{ name, email, password }`. */
export async function makePerson(name, role = 'teacher') {
  const email = uniqueAddress(name.toLowerCase().replaceAll(/[^a-z]+/g, '-'))
  await callPublic('/api/v1/auth/register', { email, password: PASSWORD, display_name: name, role })
  await callPublic('/api/v1/auth/verify-email', { token: tokenOf(await linkInMail(email, '/verify-email')) })
  return { name, email, password: PASSWORD }
}

/** Signs somebody in through the form of the page that is open, or of the first one. */
export async function enter(page, person, heading = 'Classes') {
  await page.goto('/')
  await fillSignIn(page, person)
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
}

/** Founds a school on the account page; the person is its admin then. */
export async function foundSchool(page, name) {
  await page.goto('/account')
  await page.getByLabel('Name of the school').fill(name)
  await page.getByRole('button', { name: 'Found the school' }).click()
  await page.getByRole('link', { name: 'School', exact: true }).waitFor()
}

/** A page of the admin of a new school. */
export async function withAdmin(browser, name, run) {
  const { context, page, errors } = await openPage(browser)
  try {
    const admin = await makePerson(name)
    await enter(page, admin)
    await foundSchool(page, `${name}'s School`)
    await run({ page, admin })
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'school-failure')
    throw error
  } finally {
    await context.close()
  }
}

/** The code that an authenticator app shows for a secret (RFC 6238), so many steps of 30 s from now. */
export function totp(secret, stepsFromNow = 0) {
  const bits = [...secret.replaceAll(/[\s=]/g, '')]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + stepsFromNow))
  const mac = createHmac('sha1', key).update(counter).digest()
  const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff
  return String(number % 1_000_000).padStart(6, '0')
}
