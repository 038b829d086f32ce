-- What enrollments have reached.

CREATE TABLE workflow.goal_reached (
  enrollment  bigint NOT NULL,
  goal        text NOT NULL,              -- id in the definition
  at          timestamptz NOT NULL,       -- when it happened, not when it was read
  counted     boolean NOT NULL,           -- within count_within, or count_after_exit after the end
  event       uuid,                       -- by which; NULL: by a condition
  PRIMARY KEY (enrollment, goal)
);

SELECT pg_catalog.pg_extension_config_dump('workflow.goal_reached', '');
REVOKE ALL ON workflow.goal_reached FROM PUBLIC;
