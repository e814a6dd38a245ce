/**
 * `npm run fuzz -- [frames|calls] [--seconds 60]`: libFuzzer on the parsers of foreign text (fuzz/targets). What it learns is kept in
 * artifacts/fuzz/, and what breaks a parser as well. On stable Rust, so without a sanitizer: the code is safe Rust, and what is looked
 * for are panics, overflows and broken promises.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "./lib/bootstrap.mjs";
import { cacheDir, inRoot } from "./lib/paths.mjs";
import { capture, run } from "./lib/run.mjs";
import { Failure, main, step } from "./lib/step.mjs";

const TARGETS = ["frames", "calls"];
/** What cargo-fuzz passes: coverage of edges and compares. */
const COVERAGE = [
  ...["-Cpasses=sancov-module", "-Cllvm-args=-sanitizer-coverage-level=4", "-Ccodegen-units=1"],
  ...["inline-8bit-counters", "pc-table", "trace-compares"].map((what) => `-Cllvm-args=-sanitizer-coverage-${what}`),
];
/** Of its own, as it is built with other flags than anything else. */
const target = join(cacheDir(), "target-fuzz");

/** Without a triple the flags would go to build scripts as well. */
async function build() {
  const triple = /^host: (.*)$/m.exec((await capture("rustc", ["-vV"])).stdout)?.[1];
  await run("cargo", ["build", "--release", "--target", triple], {
    cwd: inRoot("fuzz"),
    env: { CARGO_TARGET_DIR: target, RUSTFLAGS: COVERAGE.join(" ") },
    todo: "read cargo's message above; libFuzzer needs a C++ compiler",
  });
  return join(target, triple, "release");
}

async function fuzz(programs, name, seconds) {
  const [corpus, found] = ["corpus", "found"].map((kind) => inRoot("artifacts", "fuzz", name, kind));
  for (const folder of [corpus, found]) mkdirSync(folder, { recursive: true });
  const args = [`-max_total_time=${seconds}`, `-artifact_prefix=${found}/`, corpus, inRoot("fuzz", "seeds", name)];
  const { code, output } = await capture(join(programs, name), args);
  if (code === 0) return { note: /^Done .*$/m.exec(output)?.[0] };
  throw new Failure(output.split("\n").slice(-30).join("\n"), { todo: `the input is in artifacts/fuzz/${name}/found` });
}

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: "string", default: "60" } },
  });
  const unknown = positionals.find((name) => !TARGETS.includes(name));
  if (unknown) throw new Failure(`there is no target ${unknown}`, { todo: `there are ${TARGETS.join(", ")}` });
  await bootstrap();
  let programs;
  await step("targets", async () => void (programs = await build()));
  for (const name of positionals.length ? positionals : TARGETS) {
    await step(name, () => fuzz(programs, name, values.seconds));
  }
});
