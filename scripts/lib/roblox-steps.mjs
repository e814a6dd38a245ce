/** The checks of roblox/ that need no server: formatting, lints, builds, and the tests of the tools around them. */
import { check, nodeTest, tests, work } from "./checks.mjs";
import { nodeCounts } from "./counts.mjs";
import { inRoot } from "./paths.mjs";
import { buildProject, luauFolders, luauOutside, luauSources, projects } from "./roblox.mjs";
import { ensureRobloxTools, program } from "./tools.mjs";

const there = { cwd: inRoot("roblox") };

/** All projects, each of which counts. */
async function buildAll() {
  const all = projects();
  for (const project of all) await buildProject(project);
  return { passed: all.length, failed: 0, log: all.map(({ output }) => output).join("\n") };
}

/** Tests and simulators find other globals than what runs in Roblox. */
const selene = (config, paths) =>
  check(program("selene", "selene"), ["--config", config, "--display-style=quiet", ...paths], there);

/** The steps, as scripts/lib/test-steps.mjs describes them. */
export const robloxSteps = [
  { name: "Roblox tools", run: work(ensureRobloxTools) },
  { name: "StyLua", run: check("stylua", ["--check", ...luauFolders], there) },
  { name: "selene", needs: ["Roblox tools"], run: selene("selene.toml", luauSources) },
  { name: "selene, outside Roblox", needs: ["Roblox tools"], run: selene("selene-outside.toml", luauOutside) },
  { name: "Rojo builds", needs: ["Roblox tools"], run: buildAll },
  { name: "Open Cloud client", run: tests("node", nodeTest("tests/roblox"), nodeCounts) },
];
