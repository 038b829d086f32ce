-- The jobs of a statement's rows by one call.
CREATE FUNCTION to_graphile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM graphile_worker.add_jobs(array_agg(json_populate_record(NULL::graphile_worker.job_spec,
            json_build_object('identifier', 'enroll', 'payload', json_build_object('contact', n.id))))) FROM added n;
  RETURN NULL;
END $$;
CREATE TRIGGER to_graphile AFTER INSERT ON contacts REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION to_graphile();
