/**
 * The demo school. A plan with every id and secret is written first; each later part finds out what is already there,
 * so that a start that died between any two lines is repaired by the next. demo.json is written last.
 */
import crypto from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { all, signIn } from "./api.mjs";
import { execute, literal } from "./database.mjs";
import { quizzes } from "./demo-quizzes.mjs";
import { password } from "./password.mjs";
import { writeAtomic } from "./stamp.mjs";

const className = "Demo class 5a";

const planFile = (state) => join(state, "seed-plan.json");

/** Where the demo accounts, class and key stand for people and programs to read. */
export const demoFile = (state) => join(state, "demo.json");

/** The demo's accounts and class, or null before the seeding is done. */
export const readDemo = (state) =>
  existsSync(demoFile(state)) ? JSON.parse(readFileSync(demoFile(state), "utf8")) : null;

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A prefix and a ULID. */
function newId(prefix) {
  let value = (BigInt(Date.now()) << 80n) | BigInt(`0x${crypto.randomBytes(10).toString("hex")}`);
  let text = "";
  for (let at = 0; at < 26; at += 1, value >>= 5n) text = alphabet[Number(value & 31n)] + text;
  return `${prefix}_${text}`;
}

/** Fresh ids and secrets of a school with an admin, a teacher and a game's key. */
export const newPlan = () => ({
  school_id: newId("sch"),
  admin: { id: newId("usr"), email: "admin@demo.example", password: password() },
  teacher: { id: newId("usr"), email: "teacher@demo.example", password: password() },
  game_key_id: newId("gk"),
  game_key: `gk_${crypto.randomBytes(32).toString("base64url")}`,
});

/** The plan of this state folder, made at the first call. */
function plan(state) {
  if (!existsSync(planFile(state))) writeAtomic(planFile(state), JSON.stringify(newPlan()), { mode: 0o600 });
  return JSON.parse(readFileSync(planFile(state), "utf8"));
}

/** A password as the server keeps it: Argon2id as a PHC string, with the server's own cost. */
export function hashPassword(text) {
  const nonce = crypto.randomBytes(16);
  const hash = crypto.argon2Sync("argon2id", {
    message: text,
    nonce,
    memory: 19_456,
    passes: 2,
    parallelism: 1,
    tagLength: 32,
  });
  const base64 = (bytes) => bytes.toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=19456,t=2,p=1$${base64(nonce)}$${base64(hash)}`;
}

/** The rows that no endpoint makes: the school, its two people, and the game's key. Running it again changes nothing. */
export function rowsOf(made, now = Date.now()) {
  const values = (...list) => list.map(literal).join(", ");
  const user = ({ id, email, password: text }, name, role) =>
    `insert into users (id, school_id, email, display_name, role, password_hash, email_verified_at, created_at)
     values (${values(id, made.school_id, email, name, role, hashPassword(text), now, now)})
     on conflict (email) do update set password_hash = excluded.password_hash;`;
  return [
    `insert into schools (id, name, created_at) values (${values(made.school_id, "Demo School", now)}) on conflict do nothing;`,
    user(made.admin, "Avery Admin", "admin"),
    user(made.teacher, "Tamsin Teacher", "teacher"),
    `insert into game_keys (id, school_id, name, key_hash, created_at)
     select ${literal(made.game_key_id)}, school_id, 'Demo experience', ${literal(sha256(made.game_key))}, ${now}
     from users where email = ${literal(made.teacher.email)} on conflict do nothing;`,
  ].join("\n");
}

const sha256 = (text) => crypto.createHash("sha256").update(text).digest("hex");

/** Part one, before the server runs: the rows. */
export async function seedRows(state) {
  await execute(state, rowsOf(plan(state)));
  return {};
}

/** Part two, through the API as the teacher: a class, two published quizzes; then demo.json. */
export async function seedClass(state, url) {
  const made = plan(state);
  const teacher = await signIn(url, made.teacher);
  const known = (await all(teacher, "/api/v1/classes")).find(({ name }) => name === className);
  const room =
    known ??
    (await teacher.post("/api/v1/classes", { name: className, subject: "Mathematics", grade_level: 5, capacity: 40 }));
  for (const quiz of quizzes) await seedQuiz(teacher, quiz);
  writeDemo(state, {
    base_url: url,
    admin: { email: made.admin.email, password: made.admin.password },
    teacher: { email: made.teacher.email, password: made.teacher.password },
    class: { id: room.id, code: room.join_code },
    game_key: made.game_key,
  });
  return {};
}

async function seedQuiz(teacher, quiz) {
  const known = (await all(teacher, "/api/v1/quizzes")).find(({ title }) => title === quiz.title);
  const { id, published_version: version } = known ?? (await teacher.post("/api/v1/quizzes", quiz));
  if (!version) await teacher.post(`/api/v1/quizzes/${id}/publish`);
}

function writeDemo(state, demo) {
  writeAtomic(demoFile(state), `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  rmSync(planFile(state), { force: true });
}

/** Says in demo.json where the server is now. */
export async function refreshDemo(state, url) {
  const demo = readDemo(state);
  if (demo.base_url !== url) writeDemo(state, { ...demo, base_url: url });
}
