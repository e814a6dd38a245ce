/** A teacher's games in Roblox: made, given settings, changed by two at once, archived. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { enter, makePerson } from './accounts.mjs'
import { makeClass } from './pages.mjs'
import { audit, callApi, launchBrowser, openPage, screenshot } from './support.mjs'

const TEST_PATIENCE_MS = 240_000

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** A new teacher with a class; each test has its own. */
async function withTeacher(name, run) {
  const { context, page, errors } = await openPage(browser)
  try {
    await enter(page, await makePerson(name))
    await run(page)
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'games-failure')
    throw error
  } finally {
    await context.close()
  }
}

/** Makes a game through the dialog; its page is open then. */
async function makeGame(page, title) {
  await page.goto('/games')
  await page.getByRole('button', { name: 'New game' }).click()
  const dialog = page.getByRole('dialog', { name: 'New game' })
  await dialog.getByLabel('Title').fill(title)
  await dialog.getByLabel('Subject').fill('Mathematics')
  await dialog.getByLabel('Grade').fill('5')
  await dialog.getByRole('button', { name: 'Make the game' }).click()
  await page.getByRole('heading', { name: title, level: 1 }).waitFor()
  return new URL(page.url()).pathname.split('/').at(-1)
}

test('a game is made, gets its settings, is paused and archived', { timeout: TEST_PATIENCE_MS }, async () => {
  await withTeacher('Gala Games', async (page) => {
    await makeClass(page, 'Class of the game')
    await page.goto('/games')
    await page.getByText('Set up your first game').waitFor()
    await audit(page, 'games-none')
    await page.getByRole('button', { name: 'New game' }).click()
    const dialog = page.getByRole('dialog', { name: 'New game' })
    await dialog.getByRole('button', { name: 'Make the game' }).click()
    await dialog.getByText('Please enter a number.').waitFor()
    await dialog.getByLabel('Grade').fill('5')
    await dialog.getByRole('button', { name: 'Make the game' }).click()
    await dialog.locator('[aria-invalid="true"]').first().waitFor()
    await audit(page, 'game-new')

    const id = await makeGame(page, 'Fraction Obby')
    await page.getByText('Not connected to a place yet').waitFor()
    await audit(page, 'game')
    await page.getByLabel('Class that plays it').selectOption({ label: 'Class of the game' })
    await page.getByLabel('Start place id in Roblox').fill('not a number')
    await page.getByLabel('Settings for the game’s own code').fill('rounds = 3')
    await page.getByRole('button', { name: 'Save the settings' }).click()
    await page.getByText(/^This is no JSON object\./).waitFor()
    await page.getByLabel('Settings for the game’s own code').fill('{"rounds": 3, "music": true}')
    await page.getByRole('button', { name: 'Save the settings' }).click()
    await page.locator('input[aria-invalid="true"]').waitFor()
    await audit(page, 'game-refused')
    await page.getByLabel('Start place id in Roblox').fill('1818')
    await page.getByRole('button', { name: 'Save the settings' }).click()
    await page.getByText('The settings are saved.').waitFor()
    await page.getByRole('link', { name: 'Open the place' }).waitFor()
    await page.getByText('0 of its class').waitFor()

    await page.getByLabel('Settings for the game’s own code').fill('{"rounds": 4}')
    const paused = page.getByRole('radio', { name: /^Paused/ })
    await paused.focus()
    await paused.press('Space')
    await page.getByRole('button', { name: 'Save the settings' }).click()
    await page.locator('.badge').getByText('Paused', { exact: true }).waitFor()
    const { data } = await callApi(page, 'GET', `/api/v1/roblox/games/${id}`)
    assert.deepEqual(data.settings, { rounds: 4 }, 'a setting that was taken out is gone')
    assert.equal(data.status, 'paused')

    await page.getByRole('button', { name: 'Archive' }).click()
    await audit(page, 'game-archive')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Archive it' }).click()
    await page.locator('.badge').getByText('Archived', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Save the settings' }).waitFor({ state: 'detached' })
    await audit(page, 'game-archived')

    await page.goto('/games')
    await page.getByRole('link', { name: 'Fraction Obby' }).waitFor()
    await audit(page, 'games')
    await page.getByLabel('Show').selectOption({ label: 'Active' })
    await page.getByText('There is no such game.').waitFor()
  })
})

test('of two people who change a game at once the second is told', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withTeacher('Toni Two', async (page) => {
    const id = await makeGame(page, 'Shared game')
    await callApi(page, 'PATCH', `/api/v1/roblox/games/${id}/settings`, { description: 'theirs' })
    await page.getByLabel('Description').fill('mine')
    await page.getByRole('button', { name: 'Save the settings' }).click()
    await page.getByText(/^Somebody else changed the game/).waitFor()
    await audit(page, 'game-conflict')
    await page.getByRole('button', { name: 'Load it again and drop my changes' }).click()
    await page.waitForFunction(() => document.querySelector('textarea').value === 'theirs')
  })
})
