/** `npm run openapi`: writes the contract, openapi.json, from the code, and the dashboard's types from the contract. */
import { ensureDashboardPackages } from "./build-dashboard.mjs";
import { bootstrap } from "./lib/bootstrap.mjs";
import { inRoot } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";
import { writeAtomic } from "./lib/stamp.mjs";
import { main, step } from "./lib/step.mjs";

await main(async () => {
  await bootstrap();
  await step("openapi.json", async () => {
    writeAtomic(inRoot("openapi.json"), await run("cargo", ["run", "--quiet", "--locked", "--bin", "openapi"]));
  });
  await ensureDashboardPackages();
  await step("types of the dashboard", () => run("npm", ["run", "api"], { cwd: inRoot("dashboard") }));
});
