-- A job for each row, by the call that its manual gives for triggers.
CREATE FUNCTION to_graphile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM graphile_worker.add_job('greet', json_build_object('contact', NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER to_graphile AFTER INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION to_graphile();
