/** A school's admin in a real browser: people, invitations, keys, audit; and a parent. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { enter, foundSchool, makePerson, PASSWORD, uniqueAddress } from './accounts.mjs'
import { audit, fillSignIn, launchBrowser, linkInMail, openPage, parseCsv, screenshot } from './support.mjs'

const TEST_PATIENCE_MS = 240_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** A page of the admin of a new school. */
async function withAdmin(name, run) {
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

/** Invites an address as a teacher and answers the link of the mail. */
async function invite(page, email) {
  await page.goto('/school/invitations')
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Send the invitation' }).click()
  await page.getByRole('button', { name: `Withdraw the invitation to ${email}` }).waitFor()
  return linkInMail(email, '/accept-invitation')
}

/** Accepts an invitation as somebody new and signs in, in a profile of its own. */
async function accept(link, name, email) {
  const { context, page } = await openPage(browser)
  await page.goto(link)
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await audit(page, 'accept-invitation')
  await page.getByRole('button', { name: 'Make the account and join' }).click()
  await page.getByRole('heading', { name: /^Welcome to / }).waitFor()
  await page.getByRole('link', { name: 'Sign in' }).click()
  await fillSignIn(page, { email, password: PASSWORD })
  await page.getByRole('heading', { name: 'Make your first class' }).waitFor()
  return { context, page }
}

async function openPerson(page, name) {
  await page.goto('/school/people')
  await page.getByLabel('Search by name or e-mail').fill(name)
  await page.getByRole('button', { name: `Manage ${name}` }).click()
  return page.getByRole('dialog', { name })
}

test('somebody is invited, joins, changes role, is suspended, restored and removed, and the audit log says so', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withAdmin('Ada Admin', async ({ page }) => {
    const email = uniqueAddress('colleague')
    const link = await invite(page, email)
    await audit(page, 'invitations')
    const name = `Carl ${email.split('@')[0].split('-')[1]}`
    const colleague = await accept(link, name, email)
    await page.goto('/school/people')
    await page.getByRole('button', { name: `Manage ${name}` }).waitFor()
    await audit(page, 'people')

    let dialog = await openPerson(page, name)
    await audit(page, 'person')
    await dialog.getByRole('button', { name: 'Suspend…' }).click()
    await dialog.getByLabel('Reason').fill('Left the school')
    await audit(page, 'person-suspend')
    await dialog.getByRole('button', { name: 'Suspend', exact: true }).click()
    await dialog.getByText('Suspended: every sign-in is refused.').waitFor()
    await colleague.page.reload()
    await colleague.page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    await dialog.getByRole('button', { name: 'Restore' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Restore' }).click()
    await dialog.waitFor({ state: 'detached' })
    await enter(colleague.page, { email, password: PASSWORD })

    dialog = await openPerson(page, name)
    const radio = dialog.getByRole('radio', { name: 'Admin' })
    await radio.focus()
    await radio.press('Space')
    await dialog.getByRole('button', { name: 'Change the role' }).click()
    await page.getByText(`${name} is now admin.`).waitFor()
    await dialog.getByRole('button', { name: 'Remove from the school' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove for good' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Nobody is found').waitFor()
    await colleague.context.close()
    await assertAudit(page)
  })
})

async function assertAudit(page) {
  await page.goto('/school/audit')
  const table = page.getByRole('table')
  await table.waitFor()
  await table.getByText('“Left the school”').waitFor()
  await audit(page, 'audit')
  await page.getByRole('button', { name: 'Person suspended' }).first().click()
  await table.getByText('Person restored').waitFor({ state: 'detached' })
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download CSV' }).click()
  const [header, ...rows] = parseCsv(readFileSync(await (await downloading).path(), 'utf8'))
  const action = header.indexOf('action')
  assert.ok(action >= 0, `the header is ${header}`)
  assert.deepEqual(
    rows.map((row) => row[action]),
    ['user.suspended'],
  )
}

test('an invitation that was withdrawn does not work any more', { timeout: TEST_PATIENCE_MS }, async () => {
  await withAdmin('Willa Withdraw', async ({ page }) => {
    const email = uniqueAddress('withdrawn')
    const link = await invite(page, email)
    await page.getByRole('button', { name: `Withdraw the invitation to ${email}` }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Withdraw' }).click()
    await page.getByText('Nobody is invited at the moment.').waitFor()
    await page.goto(link)
    await page.getByRole('heading', { name: 'This invitation does not work any more' }).waitFor()
    await audit(page, 'accept-invitation-used')
  })
})

test('a key is shown once, replaced with an overlap, and revoked', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withAdmin('Kim Keys', async ({ page }) => {
    await page.goto('/school/keys')
    await page.getByText('No keys yet').waitFor()
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog', { name: 'New key' })
    await dialog.getByLabel('Name').fill('Obby')
    await audit(page, 'key-new')
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    const first = await keepKey(page)
    await audit(page, 'keys')
    await page.getByRole('button', { name: 'Rotate Obby' }).click()
    await page.getByLabel('The old key works for').selectOption({ label: 'One hour' })
    await page.getByRole('button', { name: 'Make the new key' }).click()
    const second = await keepKey(page)
    assert.notEqual(first, second)
    const revoke = page.getByRole('button', { name: 'Revoke Obby' })
    await revoke.first().click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('Revoked', { exact: true }).waitFor()
    assert.ok(!(await page.content()).includes(second), 'the key is gone from the page')
  })
})

/** Reads the key that is shown once, and closes the dialog. */
async function keepKey(page) {
  const dialog = page.getByRole('dialog', { name: 'Keep this key' })
  await dialog.waitFor()
  const key = await dialog.locator('code').textContent()
  await dialog.getByRole('button', { name: 'I have kept it' }).click()
  await dialog.waitFor({ state: 'detached' })
  return key
}

test('a parent sees their own page, and a wrong code is refused', { timeout: TEST_PATIENCE_MS }, async () => {
  const { context, page } = await openPage(browser)
  try {
    const parent = await makePerson('Petra Parent', 'parent')
    await enter(page, parent, 'Your children')
    await page.getByText('No child is linked yet').waitFor()
    await page.getByLabel('Code from the teacher').fill('ZZZZ-ZZZZ')
    await page.getByRole('button', { name: 'Link your child' }).click()
    await page.getByText('This code is not right, was used, or is too old.').waitFor()
    await audit(page, 'family')
    await page.goto('/classes')
    await page.getByText('There is nothing at this address').waitFor()
  } finally {
    await context.close()
  }
})
