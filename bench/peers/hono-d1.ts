/**
 * The usual way to build it: Hono and D1. One request checks the token, validates and grades in the Worker, and writes
 * answers, XP and reads the board: with WRITES=batch in one D1 batch, with WRITES=single in one statement an answer.
 */
import { Hono } from "hono";
import { grade, level, type Question } from "./grading";
import { verify } from "./token";

type Env = { DB: D1Database; GAME_SECRET: string; WRITES: "batch" | "single" };

type AnswerIn = {
  id: string;
  type: "answer";
  user_id: string;
  session_id: string;
  question_id: string;
  response: unknown;
};

type Graded = AnswerIn & { correct: boolean; points: number };

type Rejected = { id: string; status: "rejected"; code: string };

type BoardRow = { id: string; user_id: string; xp: number; rank: number };

const MAX_EVENTS = 200;
const EVENT_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Quizzes that a session plays never change: read once an isolate. */
const quizzes = new Map<string, Map<string, Question>>();

/** D1 rows written since the isolate began, as D1 reports them. */
let rowsWritten = 0;

const INSERT_ANSWER = `
  insert into answers (event_id, session_id, seat_id, question_id, response, correct, xp, at, request_id)
  select ?1, sessions.id, seats.id, ?2, ?3, ?4, ?5, ?6, ?7
  from sessions join seats on seats.class_id = sessions.class_id and seats.user_id = ?8
  where sessions.id = ?9 and sessions.class_id = ?10 and sessions.status = 'running'
  on conflict do nothing`;
const ADD_XP = `
  update seats set xp = seats.xp + gained.xp from (
    select seat_id, sum(xp) as xp from answers
    where event_id in (select value from json_each(?1)) and request_id = ?2 group by seat_id) as gained
  where seats.id = gained.seat_id`;
const BOARD = `
  select id, user_id, xp, rank() over (order by xp desc) as rank from seats where class_id = ?1`;
const KNOWN = `
  select event_id, correct, xp, request_id from answers where event_id in (select value from json_each(?1))`;

/** An event as it must be, or why it is not taken. */
function validate(event: unknown): AnswerIn | Rejected {
  const { id, type, player, session_id, question_id, response } = (event ?? {}) as Record<string, unknown>;
  const malformed = { id: String(id), status: "rejected", code: "malformed" } as const;
  if (typeof id !== "string" || !EVENT_ID.test(id)) return malformed;
  if (type !== "answer" || typeof session_id !== "string" || typeof question_id !== "string") return malformed;
  const user_id = (player as { user_id?: unknown } | undefined)?.user_id;
  if (typeof user_id !== "string" || !/^\d{1,20}$/.test(user_id)) return malformed;
  return { id, type, user_id, session_id, question_id, response };
}

async function quizOf(db: D1Database, session: string): Promise<Map<string, Question> | null> {
  const cached = quizzes.get(session);
  if (cached) return cached;
  const row = await db.prepare("select quiz from sessions where id = ?1").bind(session).first<{ quiz: string }>();
  if (!row) return null;
  const { questions } = JSON.parse(row.quiz) as { questions: Question[] };
  const quiz = new Map(questions.map((question) => [question.id, question]));
  quizzes.set(session, quiz);
  return quiz;
}

async function gradeEvent(db: D1Database, event: unknown): Promise<Graded | Rejected> {
  const answer = validate(event);
  if ("status" in answer) return answer;
  const rejected = (code: string) => ({ id: answer.id, status: "rejected", code }) as const;
  const quiz = await quizOf(db, answer.session_id);
  if (!quiz) return rejected("session_unknown");
  const question = quiz.get(answer.question_id);
  if (!question) return rejected("question_unknown");
  const correct = grade(question, answer.response);
  if (correct === null) return rejected("response_invalid");
  return { ...answer, correct, points: correct ? question.points : 0 };
}

function count(results: D1Result[]) {
  for (const { meta } of results) rowsWritten += meta.rows_written;
}

/** Writes the answers and reads what came of them; `known` has a row for each answer that counts, now or before. */
async function store(env: Env, classId: string, answers: Graded[], request: string) {
  const now = Date.now();
  const inserts = answers.map((a) =>
    env.DB.prepare(INSERT_ANSWER).bind(
      ...[a.id, a.question_id, JSON.stringify(a.response), Number(a.correct), a.points, now, request],
      ...[a.user_id, a.session_id, classId],
    ),
  );
  const ids = JSON.stringify(answers.map(({ id }) => id));
  const rest = [
    env.DB.prepare(ADD_XP).bind(ids, request),
    env.DB.prepare(KNOWN).bind(ids),
    env.DB.prepare(BOARD).bind(classId),
  ];
  if (env.WRITES === "single") {
    count(await Promise.all(inserts.map((insert) => insert.run())));
    inserts.length = 0;
  }
  const results = await env.DB.batch([...inserts, ...rest]);
  count(results);
  const [known, board] = results.slice(-2).map((result) => result.results);
  return {
    known: new Map(
      (known as { event_id: string; correct: number; xp: number; request_id: string }[]).map((row) => [
        row.event_id,
        row,
      ]),
    ),
    board: new Map((board as BoardRow[]).map((row) => [row.user_id, row])),
  };
}

const app = new Hono<{ Bindings: Env }>();

app.post("/api/v1/game/sync", async (c) => {
  const claims = await verify(c.req.header("authorization"), c.env.GAME_SECRET);
  if (!claims) return c.json({ code: "invalid_token" }, 401);
  const body = await c.req.json<{ cursor?: unknown; events?: unknown }>().catch(() => null);
  if (typeof body?.cursor !== "string" || !Array.isArray(body.events)) return c.json({ code: "malformed" }, 422);
  if (body.events.length > MAX_EVENTS) return c.json({ code: "too_many" }, 413);
  const graded = await Promise.all(body.events.map((event) => gradeEvent(c.env.DB, event)));
  const answers = graded.filter((event) => !("status" in event)) as Graded[];
  const request = crypto.randomUUID();
  const { known, board } = await store(c.env, claims.class_id, answers, request);
  const results = graded.map((event) => {
    if ("status" in event) return event;
    const row = known.get(event.id);
    if (!row) return { id: event.id, status: "rejected", code: "already_answered" };
    const seat = board.get(event.user_id);
    const xp = seat?.xp ?? 0;
    const result = {
      correct: row.correct === 1,
      points: row.xp,
      xp_gained: row.xp,
      xp,
      level: level(xp),
      rank: seat?.rank,
      badges: [],
    };
    return { id: event.id, status: row.request_id === request ? "applied" : "duplicate", result };
  });
  return c.json({ results, messages: [], cursor: body.cursor, next_sync_ms: 3000 });
});

app.get("/bench/rows-written", (c) => c.json({ rows_written: rowsWritten }));

export default app;
