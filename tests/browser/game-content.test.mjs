/** What a game's servers get: content made, generated and deployed, a version rolled back, and what fails and why. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { enter, makePerson } from './accounts.mjs'
import { audit, callApi, launchBrowser, openPage, refuse, screenshot } from './support.mjs'

const TEST_PATIENCE_MS = 240_000
const ROBLOX = '/api/v1/roblox'

let browser
before(async () => {
  browser = await launchBrowser()
})
after(async () => {
  await browser?.close()
})

/** A new teacher with a game, on the page of its content. */
async function withGame(name, run) {
  const { context, page, errors } = await openPage(browser)
  try {
    await enter(page, await makePerson(name))
    const about = { title: 'Island', subject: 'Science', grade_level: 5 }
    const { data: game } = await callApi(page, 'POST', `${ROBLOX}/games`, about)
    await page.goto(`/games/${game.id}`)
    await page.getByRole('link', { name: 'Content and versions' }).click()
    await page.getByRole('heading', { name: 'Versions' }).waitFor()
    await run(page, game.id)
    assert.deepEqual(errors, [], 'the page threw nothing')
  } catch (error) {
    await screenshot(page, 'game-content-failure')
    throw error
  } finally {
    await context.close()
  }
}

const versions = (page) => page.getByRole('list', { name: 'Versions' })
const contents = (page) => page.getByRole('list', { name: 'Content' })

/** The row of a list that says this. */
const row = (list, text) => list.getByRole('listitem').filter({ hasText: text })

/** Presses a button with the keyboard, and the one that confirms it in the dialog that it opens. */
async function confirm(page, name, confirmation, look) {
  const button = page.getByRole('button', { name, exact: true })
  await button.focus()
  await button.press('Enter')
  const dialog = page.getByRole('alertdialog')
  if (look) await audit(page, look)
  const sure = dialog.getByRole('button', { name: confirmation })
  await sure.focus()
  await sure.press('Enter')
  await dialog.waitFor({ state: 'detached' })
}

/** Waits until the row of a version has this state on its badge. */
const stands = (page, text, state) =>
  row(versions(page), text).locator('.badge').getByText(state, { exact: true }).waitFor()

test('content is made of a template and deployed, replaced by a generated lesson, and rolled back', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withGame('Vera Versions', async (page, gameId) => {
    await page.getByText(/^Nothing was deployed to this game yet/).waitFor()
    await page.getByText(/^There is no content yet/).waitFor()
    await audit(page, 'game-content-none')

    await page.getByRole('button', { name: 'From a template' }).click()
    const dialog = page.getByRole('dialog', { name: 'Content from a template' })
    const robot = dialog.getByRole('radio', { name: /^Debug the robot/ })
    await robot.focus()
    await robot.press('Space')
    assert.equal(await dialog.getByLabel('Title').inputValue(), 'Debug the robot')
    await dialog.getByLabel('Title').fill('x')
    await dialog.getByRole('button', { name: 'Make the draft' }).click()
    await dialog.locator('input[aria-invalid="true"]').waitFor()
    await audit(page, 'game-content-template')
    await dialog.getByLabel('Title').fill('Robot week')
    await dialog.getByRole('button', { name: 'Make the draft' }).click()
    await row(contents(page), 'Robot week').getByText('Draft', { exact: true }).waitFor()

    await confirm(page, 'Make Robot week ready', 'It is ready')
    await row(contents(page), 'Robot week').getByText('Ready', { exact: true }).waitFor()
    await confirm(page, 'Deploy Robot week', 'Deploy it', 'game-content-deploy')
    await stands(page, 'Robot week', 'Live')
    await row(versions(page), 'Version 1: Robot week')
      .getByText(/no game server has it yet$/)
      .waitFor()
    await page.locator('.notice').getByText('Robot week is live as version 1.').waitFor()

    await page.getByRole('button', { name: 'Generate content' }).click()
    const generate = page.getByRole('dialog', { name: 'Generate content' })
    await generate.getByLabel('Grade').fill('five')
    await generate.getByRole('button', { name: 'Generate', exact: true }).click()
    await generate.getByText('Please enter a number.').waitFor()
    await audit(page, 'game-content-generate')
    await generate.getByLabel('Grade').fill('5')
    await generate.getByLabel('Topic').fill('Fractions')
    await generate.getByRole('button', { name: 'Generate', exact: true }).click()
    const lesson = 'Mathematics: Fractions'
    await row(contents(page), lesson).getByText('Ready', { exact: true }).waitFor()
    await confirm(page, `Deploy ${lesson}`, 'Deploy it')
    await stands(page, `Version 2: ${lesson}`, 'Live')
    await stands(page, 'Version 1: Robot week', 'Replaced')
    assert.equal(await page.getByRole('button', { name: /^Roll back/ }).count(), 1, 'what is live alone')
    await audit(page, 'game-content')

    await confirm(page, `Roll back Version 2: ${lesson}`, 'Roll it back', 'game-content-roll-back')
    await stands(page, `Version 2: ${lesson}`, 'Rolled back')
    await stands(page, 'Version 1: Robot week', 'Live')
    await page.waitForFunction(() => document.activeElement?.textContent === 'Versions')
    const { data } = await callApi(page, 'GET', `${ROBLOX}/games/${gameId}`)
    assert.equal(data.content_version, 1)

    // The same content once more: another deployment.
    await confirm(page, `Deploy ${lesson}`, 'Deploy it')
    await stands(page, `Version 3: ${lesson}`, 'Live')
    await confirm(page, `Archive ${lesson}`, 'Archive it')
    await row(contents(page), lesson).waitFor({ state: 'detached' })
    await stands(page, `Version 3: ${lesson}`, 'Live')
    await page.getByRole('link', { name: 'Game', exact: true }).click()
    await page.getByText('Version 3 ·').waitFor()
  })
})

/** Deploys content that is put away before the queue comes to it. The queue may be quicker: then with the next one. */
async function deployInVain(page, gameId) {
  for (let tries = 1; tries <= 10; tries += 1) {
    const title = `Put away ${tries}`
    const body = { kind: 'lesson', title, subject: 'Science', grade_level: 5, status: 'ready' }
    const { data: content } = await callApi(page, 'POST', `${ROBLOX}/content`, body)
    const asked = { content_id: content.id, game_id: gameId }
    const { data: deployment } = await callApi(page, 'POST', `${ROBLOX}/content/deploy`, asked)
    await callApi(page, 'PATCH', `${ROBLOX}/content/${content.id}`, { status: 'archived' })
    if (tries === 1) {
      await page.reload()
      await row(versions(page), title).waitFor()
    }
    for (;;) {
      const { data } = await callApi(page, 'GET', `${ROBLOX}/content/deployments/${deployment.id}`)
      if (data.status === 'failed') return title
      if (data.status === 'deployed') break
      await wait(200)
    }
  }
  throw new Error('no deployment failed')
}

test('a deployment that failed says why, and so does what cannot be loaded', {
  timeout: TEST_PATIENCE_MS,
}, async () => {
  await withGame('Finn Failure', async (page, gameId) => {
    const title = await deployInVain(page, gameId)
    if (title !== 'Put away 1') await page.reload()
    await stands(page, title, 'Failed')
    await row(versions(page), title).getByText('It failed: the content is no longer ready.').waitFor()
    await audit(page, 'game-content-failed')

    const lists = [`**${ROBLOX}/games/*/deployments*`, `**${ROBLOX}/content?*`]
    for (const list of lists) await page.route(list, refuse('forbidden', 403))
    await page.reload()
    await page.getByText('The versions could not be loaded').waitFor()
    await page.getByText('The content could not be loaded').waitFor()
    await audit(page, 'game-content-not-loaded')
    for (const list of lists) await page.unroute(list)
    await page.getByRole('button', { name: 'Try again' }).first().click()
    await stands(page, title, 'Failed')

    await callApi(page, 'DELETE', `${ROBLOX}/games/${gameId}`)
    await page.reload()
    await stands(page, title, 'Failed')
    assert.equal(
      await page.getByRole('heading', { name: 'Content', exact: true }).count(),
      0,
      'history alone',
    )
  })
})
