/** `npm run fmt`: formats the Rust code, the Luau code, the scripts and the dashboard. */
import { ensureDashboardPackages } from "./build-dashboard.mjs";
import { bootstrap } from "./lib/bootstrap.mjs";
import { formatted, inRoot } from "./lib/paths.mjs";
import { luauFolders } from "./lib/roblox.mjs";
import { run } from "./lib/run.mjs";
import { main, step } from "./lib/step.mjs";

await main(async () => {
  await bootstrap();
  await step("cargo fmt", () => run("cargo", ["fmt", "--all"]));
  await step("StyLua", () => run("stylua", luauFolders, { cwd: inRoot("roblox") }));
  await step("prettier", () => run("prettier", ["--write", "--log-level=warn", ...formatted]));
  await ensureDashboardPackages();
  await step("dashboard", () => run("npm", ["run", "fmt"], { cwd: inRoot("dashboard") }));
});
