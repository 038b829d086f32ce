-- One batch by update in place: the due time is a column with an index. Words: now, batch, body.
-- There is one such worker, so no row is locked against another one; the limit is a literal, for the planner.
WITH due AS MATERIALIZED (
  SELECT s.enrollment, s.contact, s.step FROM hand.state s WHERE s.due <= {now} ORDER BY s.due LIMIT {batch}),
moved AS (
  UPDATE hand.state s SET step = d.step + 1, due = {now} + interval '24 hours' FROM due d WHERE s.enrollment = d.enrollment),
{writes}
