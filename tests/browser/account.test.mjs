/** An account from its beginning: register, confirm, sign in, forgotten password. Mail is read where it is caught. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { audit, fillSignIn, launchBrowser, linkInMail, openPage, screenshot } from './support.mjs'

const TEST_PATIENCE_MS = 180_000
const PASSWORD = 'plum tractor sings 7'
const NEW_PASSWORD = 'quiet lamp over river 3'

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

const uniqueAddress = (name) => `${name}-${Date.now().toString(36)}@example.org`

async function withPage(run) {
  const { context, page, errors } = await openPage(browser)
  try {
    await run(page)
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'account-failure')
    throw error
  } finally {
    await context.close()
  }
}

/** Fills in the form for a new account, up to the password. */
async function fillRegistration(page, email, role = 'Teacher') {
  await page.goto('/')
  await page.getByRole('link', { name: 'Make an account' }).click()
  await page.getByRole('heading', { name: 'Make an account' }).waitFor()
  const radio = page.getByRole('radio', { name: new RegExp(`^${role}`) })
  await radio.focus()
  await radio.press('Space')
  await page.getByLabel('Your name').fill('Rita Register')
  await page.getByLabel('E-mail').fill(email)
}

async function register(page, email, role) {
  await fillRegistration(page, email, role)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Make the account' }).click()
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
}

async function confirm(page, email) {
  await page.goto(await linkInMail(email, '/verify-email'))
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
}

test('a teacher registers, confirms the address, and is in', { timeout: TEST_PATIENCE_MS }, async () => {
  await withPage(async (page) => {
    const email = uniqueAddress('rita')
    await fillRegistration(page, email)
    const password = page.getByLabel('Password', { exact: true })
    await password.fill('short')
    await page.getByText('3 more characters').waitFor()
    await password.fill('password1')
    await page.getByText('Very easy to guess').waitFor()
    await audit(page, 'register')
    await page.getByRole('button', { name: 'Make the account' }).click()
    await page.getByText('This is one of the passwords that everybody tries first.').waitFor()
    assert.equal(await password.getAttribute('aria-invalid'), 'true')
    await audit(page, 'register-refused')
    await password.fill(PASSWORD)
    await page.getByText(/^(Good|Very good)$/).waitFor()
    await page.getByRole('button', { name: 'Make the account' }).click()
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
    await audit(page, 'register-sent')

    await page.getByRole('link', { name: 'Go to the sign-in page' }).click()
    await fillSignIn(page, { email, password: PASSWORD })
    await page.getByText('This e-mail address is not confirmed yet.').waitFor()
    await page.getByRole('button', { name: 'Send the mail again' }).click()
    await page.getByText(/^Sent\./).waitFor()
    await audit(page, 'sign-in-not-confirmed')

    const link = await linkInMail(email, '/verify-email')
    await page.goto(link)
    await page.getByRole('heading', { name: 'Confirm your address' }).waitFor()
    assert.equal(new URL(page.url()).hash, '', 'the token is gone from the address')
    await audit(page, 'verify-email')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
    await audit(page, 'verify-email-done')
    await page.getByRole('link', { name: 'Sign in' }).click()
    await fillSignIn(page, { email, password: PASSWORD })
    await page.getByRole('heading', { name: 'Make your first class' }).waitFor()

    await page.goto('/verify-email')
    await page.goto(link)
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('heading', { name: 'Your address is confirmed' }).waitFor()
    await page.goto('/classes')
    await page.goto(`${link.slice(0, -4)}AAAA`)
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('heading', { name: 'This link does not work any more' }).waitFor()
    await audit(page, 'verify-email-used')
  })
})

test('a forgotten password is replaced by mail, and the old one is refused', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withPage(async (page) => {
    const email = uniqueAddress('fred')
    await register(page, email)
    await confirm(page, email)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    await page.getByLabel('E-mail').fill(email)
    await audit(page, 'forgot-password')
    await page.getByRole('button', { name: 'Send the link' }).click()
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
    await audit(page, 'forgot-password-sent')

    await page.goto(await linkInMail(email, '/reset-password'))
    await page.getByLabel('New password').fill('12345678')
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('This is one of the passwords that everybody tries first.').waitFor()
    await audit(page, 'reset-password')
    await page.getByLabel('New password').fill(NEW_PASSWORD)
    await page.getByRole('button', { name: 'Change the password' }).click()
    await page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
    await audit(page, 'reset-password-done')
    await page.getByRole('link', { name: 'Sign in' }).click()
    await fillSignIn(page, { email, password: PASSWORD })
    await page.getByText('E-mail or password is not right.').waitFor()
    await page.getByLabel('Password').fill(NEW_PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Make your first class' }).waitFor()
  })
})
