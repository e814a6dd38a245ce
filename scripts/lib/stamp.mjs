/** Stamps: a step whose inputs have the same hash as last time, and whose outputs are there, is not done again. */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const skipped = new Set(["node_modules", "dist", "target", ".git", "artifacts", "coverage"]);

/** Every file under `path` (a file or a folder) in a fixed order. */
function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!lstatSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !skipped.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isSymbolicLink() ? [] : filesUnder(join(path, entry.name))));
}

/** One hash over the names and contents of files and folders, and over `facts` such as versions. */
export function hashOf(paths, facts = {}) {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(facts));
  for (const path of paths.flatMap(filesUnder)) {
    const content = readFileSync(path);
    hash.update(`\0${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Whether the stamp file holds `hash` and every output exists. */
export function isCurrent(stampFile, hash, outputs = []) {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash && outputs.every((path) => existsSync(path));
}

/** Writes a file so that a reader sees the old one or the whole new one. */
export function writeAtomic(path, content, { mode = 0o644 } = {}) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}
