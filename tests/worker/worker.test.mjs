/** Ring 4: the built wasm in workerd with all its bindings, with clients that this project did not write. One Worker. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { audit } from "./audit.mjs";
import { crash } from "./crash.mjs";
import { eventStream } from "./event-stream.mjs";
import { keys } from "./keys.mjs";
import { liveClass } from "./live-class.mjs";
import { mail } from "./mail.mjs";
import { oidc } from "./oidc.mjs";
import { place } from "./place.mjs";
import { operations } from "./operations.mjs";
import { platform } from "./platform.mjs";
import { plugins } from "./plugins.mjs";
import { pusher } from "./pusher.mjs";
import { realtime } from "./realtime.mjs";
import { repeats } from "./repeats.mjs";
import { studioPlugin } from "./studio-plugin.mjs";
import { roblox } from "./roblox.mjs";
import { schoolChannel } from "./school-channel.mjs";
import { suspension } from "./suspension.mjs";
import { secondFactors } from "./second-factors.mjs";
import { keyIn } from "./support/quiz.mjs";
import { World } from "./support/world.mjs";

const world = new World();
before(() => world.start());
after(() => world.stop());

liveClass(world);
repeats(world);
pusher(world);
schoolChannel(world);
eventStream(world);
realtime(world);
platform(world);
mail(world);
oidc(world);
keys(world);
suspension(world);
secondFactors(world);
operations(world);
roblox(world);
audit(world);
studioPlugin(world);
plugins(world);
crash(world);
place(world);

test("no answer of the whole suite held a key, but an author's own view of a quiz", () => {
  const authors = world.bodies.filter(({ isAuthor }) => isAuthor);
  assert.ok(
    authors.some(({ text }) => keyIn(text)),
    "the search finds keys where they are",
  );
  const leaks = world.bodies.filter(({ isAuthor }) => !isAuthor).map(({ what, text }) => ({ what, key: keyIn(text) }));
  assert.ok(leaks.length > 50);
  assert.deepEqual(
    leaks.filter(({ key }) => key),
    [],
  );
});
