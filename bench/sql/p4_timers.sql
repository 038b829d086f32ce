-- One batch by timers of their own: a timer is taken out and the next one put in, the state stays on its page. Words: now, batch, body.
WITH taken AS MATERIALIZED (
  DELETE FROM hand.timer t WHERE t.ctid = ANY (ARRAY(SELECT n.ctid FROM hand.timer n WHERE n.due <= {now} ORDER BY n.due, n.enrollment LIMIT {batch}))
  RETURNING t.enrollment),
due AS MATERIALIZED (
  UPDATE hand.state s SET step = s.step + 1, due = {now} + interval '24 hours' FROM taken d WHERE s.enrollment = d.enrollment
  RETURNING s.enrollment, s.contact, s.step - 1 AS step),
again AS (
  INSERT INTO hand.timer SELECT {now} + interval '24 hours', d.enrollment FROM due d),
{writes}
