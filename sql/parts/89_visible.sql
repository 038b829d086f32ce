-- Every view with an account shows a role that is bound to accounts their rows only; definitions that serve every account are among what it sees.
-- security_barrier: no function in somebody's WHERE sees a row before the account was looked at.
DO $$
DECLARE
  v record;
BEGIN
  FOR v IN SELECT c.oid, c.relname, a.atttypid,
                  CASE WHEN c.relname IN ('workflows', 'versions', 'templates') THEN ' OR shown.account = ''''' ELSE '' END AS everybodys
             FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account'
            WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'v' LOOP
    EXECUTE format('CREATE OR REPLACE VIEW workflow.%I WITH (security_barrier) AS SELECT shown.* FROM (%s) shown'
                   ' WHERE (SELECT workflow.account_limit(current_user)) IS NULL'
                   ' OR shown.account = ANY ((SELECT workflow.account_limit(current_user))::text[])%s',
                   v.relname, rtrim(pg_get_viewdef(v.oid), ';'), v.everybodys);
  END LOOP;
END $$;
