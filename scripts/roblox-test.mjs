/**
 * `npm run roblox:test`: all that can be said of roblox/ without a Worker: StyLua, selene, Rojo's builds, the Open Cloud
 * client, the types of the Luau code, and its unit tests, in an embedded Luau. Ends with `N passed, M failed`.
 */
import { bootstrap } from "./lib/bootstrap.mjs";

await bootstrap();
const { conclude } = await import("./lib/run-steps.mjs");
const { tests } = await import("./lib/checks.mjs");
const { cargoCounts } = await import("./lib/counts.mjs");
const { robloxSteps } = await import("./lib/roblox-steps.mjs");

const cargo = ["test", "--locked", "--no-fail-fast", "-p", "simulator", "-p", "studio", "-p", "types"];
await conclude([...robloxSteps, { name: "Luau tests", run: tests("cargo", cargo, cargoCounts) }]);
