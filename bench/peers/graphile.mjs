// graphile.mjs MODE: a graphile-worker that tells on its standard output when it is ready, and when as many workflows are done as the line "COUNT" on
// its standard input asks for. MODE workflow: two jobs a workflow, set up as its manual does for throughput. MODE latency: one job a message, without
// the batching that its manual calls a trade against latency.
import readline from 'node:readline';
import { run } from 'graphile-worker';

const throughput = process.argv[2] === 'workflow';
let done = 0;
let wanted = Infinity;
const finished = () => {
  done += 1;
  if (done >= wanted) {
    done = 0;
    wanted = Infinity;
    console.log('done');
  }
};

const taskList = {
  enroll: (payload, helpers) => helpers.query(
    `WITH enrolled AS (INSERT INTO peer.enrollment (contact, state) VALUES ($1, 'live'))
     SELECT graphile_worker.add_job('finish', json_build_object('contact', $1::bigint))`, [payload.contact]),
  finish: async (payload, helpers) => {
    await helpers.query(
      `WITH ended AS (UPDATE peer.enrollment SET state = 'ended' WHERE contact = $1)
       INSERT INTO peer.message (contact, recipient, subject, body)
       SELECT c.id, jsonb_build_object('address', c.email), 'Hello ' || c.name, 'You have ' || c.score || ' points.' FROM contacts c WHERE c.id = $1`,
      [payload.contact]);
    finished();
  },
  greet: (payload, helpers) => helpers.query(
    `INSERT INTO peer.message (contact, recipient, subject, body)
     SELECT c.id, jsonb_build_object('address', c.email), 'Hello ' || c.name, 'You have ' || c.score || ' points.' FROM contacts c WHERE c.id = $1`,
    [payload.contact]),
};

const batching = throughput ? { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } : {};
const quiet = { logger: undefined };
const runner = await run({
  preset: { worker: { connectionString: process.env.PEER_URL, concurrentJobs: 24, maxPoolSize: 25, ...batching } },
  taskList,
  noHandleSignals: true,
  ...quiet,
});
console.log('ready');
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'stop') runner.stop().then(() => process.exit(0));
  else wanted = Number(line);
});
