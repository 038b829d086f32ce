// pgboss.mjs: answers each line "FIRST COUNT" on its standard input by so many new contacts whose two-step workflows pg-boss takes to their end, and then
// says "done". Two jobs a workflow, sent and fetched in batches by the bulk calls of its manual, without waiting between polls.
import readline from 'node:readline';
import pg from 'pg';
import { PgBoss } from 'pg-boss';

const BATCH = 1000;
const boss = new PgBoss({ connectionString: process.env.PEER_URL, max: 10 });
const pool = new pg.Pool({ connectionString: process.env.PEER_URL, max: 4 });
boss.on('error', (error) => { console.error(error); process.exit(1); });
await boss.start();
await boss.createQueue('enroll');
await boss.createQueue('finish');

async function produce(first, count) {
  for (let begin = first; begin < first + count; begin += BATCH) {
    const end = Math.min(begin + BATCH, first + count);
    await pool.query(
      `INSERT INTO contacts SELECT g, 'org', 'Name ' || g, 'c' || g || '@example.test', 'new', 'city ' || g % 100, g % 10000
         FROM generate_series($1::bigint, $2::bigint) g`, [begin + 1, end]);
    await boss.insert('enroll', Array.from({ length: end - begin }, (_, i) => ({ data: { contact: begin + i + 1 } })));
  }
}

// Fetches and completes until so many jobs have been through `act`, which gets the contacts of a batch.
async function consume(queue, count, act) {
  for (let done = 0; done < count;) {
    const jobs = await boss.fetch(queue, { batchSize: BATCH });
    if (!jobs || jobs.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    await act(jobs.map((job) => job.data.contact));
    await boss.complete(queue, jobs.map((job) => job.id));
    done += jobs.length;
  }
}

const enroll = async (contacts) => {
  await pool.query("INSERT INTO peer.enrollment (contact, state) SELECT c, 'live' FROM unnest($1::bigint[]) c", [contacts]);
  await boss.insert('finish', contacts.map((contact) => ({ data: { contact } })));
};
const finish = (contacts) => pool.query(
  `WITH ended AS (UPDATE peer.enrollment SET state = 'ended' WHERE contact = ANY ($1::bigint[]))
   INSERT INTO peer.message (contact, recipient, subject, body)
   SELECT c.id, jsonb_build_object('address', c.email), 'Hello ' || c.name, 'You have ' || c.score || ' points.'
     FROM contacts c WHERE c.id = ANY ($1::bigint[])`, [contacts]);

console.log('ready');
readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line === 'stop') {
    await boss.stop({ graceful: false });
    process.exit(0);
  }
  const [first, count] = line.split(' ').map(Number);
  await Promise.all([produce(first, count), consume('enroll', count, enroll), consume('finish', count, finish)]);
  console.log('done');
});
