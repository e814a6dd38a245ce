/**
 * `npm start`: from a fresh clone to a running server. Installs what is missing, builds, migrates, seeds a demo school
 * the first time, serves until Ctrl-C. PORT (8787) and STATE_DIR (.state) choose where.
 */
import { relative } from "node:path";
import { bootstrap } from "./lib/bootstrap.mjs";
import { readDemo, refreshDemo, seedClass, seedRows } from "./lib/demo-school.mjs";
import { catchMail, mailPort } from "./lib/mail-catcher.mjs";
import { mailFolder } from "./lib/mailbox.mjs";
import { port, stateDir } from "./lib/paths.mjs";
import { prepare } from "./lib/prepare.mjs";
import { devVar } from "./lib/secrets.mjs";
import { checkPort, claimState, logTail, serve } from "./lib/server.mjs";
import { Failure, duration, main, say, step } from "./lib/step.mjs";

function banner(url, mail, demo, state, since) {
  const near = relative(process.cwd(), state);
  const here = near.startsWith("..") ? state : near;
  say();
  say(`ToolboxAI Edge serves ${url} (after ${duration(Date.now() - since)})`);
  say();
  say(`  teacher     ${demo.teacher.email}   ${demo.teacher.password}`);
  say(`  admin       ${demo.admin.email}     ${demo.admin.password}`);
  say(`  class code  ${demo.class.code}`);
  say(`  operator    curl -H "Authorization: Bearer $(sed -n s/LOCAL_OPERATOR_KEY=//p .dev.vars)" ${url}/config`);
  say(`  mail        ${mail}   (nothing is sent: what the server writes lands here)`);
  say();
  say(`  npm run demo   in a second terminal: a class of 30 plays a quiz`);
  say(`  state and log  ${here}/ and ${here}/server.log; the accounts again: ${here}/demo.json`);
  say(`  stop           Ctrl-C`);
}

/** Resolves at the first signal that asks us to stop. */
const askedToStop = new Promise((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve(signal));
});

await main(async () => {
  const since = Date.now();
  await bootstrap();
  const state = stateDir();
  const url = `http://localhost:${port()}`;
  await claimState(state, url);
  await step(`port ${port()}`, () => checkPort(port()));
  await prepare(state);
  if (!readDemo(state)) await step("demo school", () => seedRows(state));
  const mail = await step("mail catcher", () =>
    catchMail({ folder: mailFolder(state), key: devVar("MAIL_HTTP_KEY"), port: mailPort(port()) }),
  );
  const server = await step("server", () => serve({ port: port(), state, mailEndpoint: mail.endpoint }));
  try {
    if (!readDemo(state)) await step("demo class", () => seedClass(state, server.url));
    await refreshDemo(state, server.url);
    banner(server.url, mail.url, readDemo(state), state, since);
    const why = await Promise.race([askedToStop, server.stopped]);
    if (typeof why !== "string") {
      throw new Failure("wrangler dev ended by itself", {
        log: logTail(state),
        todo: "mend what the log says, then npm start",
      });
    }
  } finally {
    await step("stopped", server.stop);
    await mail.close();
  }
});
process.exit();
