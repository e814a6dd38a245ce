/**
 * What lies in roblox/: the folders with Luau sources, and the Rojo projects, each of which becomes one file of
 * artifacts/roblox/. A project whose root is a DataModel is a place (.rbxl); any other is a model (.rbxm).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./paths.mjs";
import { run } from "./run.mjs";
import { Failure } from "./step.mjs";
import { program } from "./tools.mjs";

const roblox = inRoot("roblox");

const hasLuau = (path) =>
  readdirSync(path, { withFileTypes: true }).some((entry) =>
    entry.isDirectory() ? hasLuau(join(path, entry.name)) : entry.name.endsWith(".luau"),
  );

const folders = readdirSync(roblox, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** The folders of roblox/ that hold Luau. */
export const luauFolders = folders.filter((name) => hasLuau(join(roblox, name)));

const luauInside = luauFolders.flatMap((name) =>
  readdirSync(join(roblox, name), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && hasLuau(join(roblox, name, entry.name)))
    .map((entry) => `${name}/${entry.name}`),
);

/** Folders with Luau that runs outside Roblox: tests, and what stands in for Roblox. */
export const luauOutside = luauInside.filter((path) => path.endsWith("/tests") || /^(simulator|studio)\//.test(path));

/** Folders with Luau that runs in Roblox. */
export const luauSources = luauInside.filter((path) => !luauOutside.includes(path));

/** Where the built files are. */
export const robloxArtifacts = inRoot("artifacts", "roblox");

const projectFile = (name) => join(roblox, name, "default.project.json");

function projectOf(name) {
  const { tree } = JSON.parse(readFileSync(projectFile(name), "utf8"));
  const isPlace = tree.$className === "DataModel";
  return { name, output: join(robloxArtifacts, `${name}.${isPlace ? "rbxl" : "rbxm"}`) };
}

/** The Rojo projects: `{ name, output }`. */
export const projects = () => folders.filter((name) => existsSync(projectFile(name))).map(projectOf);

/** Builds one project into its file, which is there whole or not at all. */
export async function buildProject({ name, output }) {
  mkdirSync(robloxArtifacts, { recursive: true });
  // Rojo tells the format by the ending.
  const aside = output.replace(/\.(\w+)$/, `.${process.pid}.$1`);
  try {
    await run(program("rojo", "rojo"), ["build", join(roblox, name), "--output", aside], {
      todo: `look at Rojo's message above; the project is roblox/${name}/default.project.json`,
    });
    const { size } = statSync(aside);
    if (size === 0) throw new Failure(`Rojo made an empty file of roblox/${name}`);
    renameSync(aside, output);
    return { note: `${(size / 1024).toFixed(1)} KB` };
  } finally {
    rmSync(aside, { force: true });
  }
}
